#include "rt/timer.h"

#include <gtest/gtest.h>

#include "rt/run.h"
#include "rt/signal.h"

using namespace std::chrono_literals;

namespace {

rt::Co<void> WakeAfter(rt::Timer& timer, base::Duration time, int name, std::vector<int>& order) {
    co_await timer.Sleep(time);
    order.push_back(name);
}

rt::Co<void> Turns(int count) {
    for (int i = 0; i < count; ++i) co_await rt::Yield();
}

}  // namespace

TEST(VirtualTimer, WakesInTheOrderOfTheTimes) {
    std::vector<int> order;
    rt::VirtualTimer timer;
    auto work = [&]() -> rt::Co<void> {
        co_await rt::Detach(WakeAfter(timer, 30s, 30, order));
        co_await rt::Detach(WakeAfter(timer, 10s, 10, order));
        co_await rt::Detach(WakeAfter(timer, 20s, 20, order));
        co_await Turns(5);
        timer.Advance(9s);
        co_await Turns(5);
        EXPECT_TRUE(order.empty());
        timer.Advance(11s);
        co_await Turns(5);
        EXPECT_EQ(order, (std::vector<int>{10, 20}));
        timer.Advance(1h);
        co_await Turns(5);
    };
    rt::RunToEnd(work());
    EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
    EXPECT_EQ(timer.Since(), 1h + 20s);
}

TEST(VirtualTimer, DoesNotSleepForNothing) {
    rt::VirtualTimer timer;
    std::vector<int> order;
    rt::RunToEnd(WakeAfter(timer, 0s, 1, order));
    EXPECT_EQ(order.size(), 1u);
}

TEST(SystemTimer, SleepsAtLeastSoLong) {
    rt::SystemTimer timer;
    std::vector<int> order;
    auto before = timer.Since();
    rt::RunToEnd(WakeAfter(timer, 3ms, 1, order));
    EXPECT_GE(timer.Since() - before, 3ms);
}

TEST(Signal, WakesEverybodyWhoWaits) {
    int woken = 0;
    auto work = [&]() -> rt::Co<void> {
        auto signal = std::make_shared<rt::Signal>();
        auto wait = [](std::shared_ptr<rt::Signal> s, int& count) -> rt::Co<void> { co_await s->Wait(), ++count; };
        co_await rt::Detach(wait(signal, woken));
        co_await rt::Detach(wait(signal, woken));
        co_await Turns(3);
        EXPECT_EQ(woken, 0);
        signal->Notify();
        co_await Turns(3);
    };
    rt::RunToEnd(work());
    EXPECT_EQ(woken, 2);
}

TEST(Signal, TellsATimeOutFromANotice) {
    auto work = []() -> rt::Co<void> {
        rt::Signal signal;
        EXPECT_FALSE(co_await signal.WaitFor(1ms));
        auto notify = [](rt::Signal& s) -> rt::Co<void> {
            s.Notify();
            co_return;
        };
        auto woken = signal.WaitFor(1h);
        co_await rt::Detach([](rt::Signal& s, auto n) -> rt::Co<void> {
            co_await rt::Yield();
            co_await n(s);
        }(signal, notify));
        EXPECT_TRUE(co_await std::move(woken));
    };
    rt::RunToEnd(work());
}

TEST(Signal, MayGoWhileSomebodyWaits) {
    bool notified = false;
    auto work = [&]() -> rt::Co<void> {
        auto signal = std::make_unique<rt::Signal>();
        auto wait = signal->WaitFor(1h);
        auto drop = [](std::unique_ptr<rt::Signal> s) -> rt::Co<void> {
            co_await rt::Yield();
            s.reset();
        };
        co_await rt::Detach(drop(std::move(signal)));
        notified = co_await std::move(wait);
    };
    rt::RunToEnd(work());
    EXPECT_TRUE(notified);
}
