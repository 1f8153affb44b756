#include "rt/loop.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <mutex>
#include <thread>

#include "base/log.h"
#include "rt/pool.h"
#include "rt/run.h"
#include "rt/terminate.h"

using namespace std::chrono_literals;

namespace {

// What the log says while this lives.
class LogText {
public:
    LogText() {
        base::SetLogSink([this](base::Level, std::string_view line) {
            std::lock_guard lock(mutex_);
            text_ += line;
        });
    }
    ~LogText() { base::SetLogSink(nullptr); }
    std::string text() {
        std::lock_guard lock(mutex_);
        return text_;
    }

private:
    std::mutex mutex_;
    std::string text_;
};

void SpendCpu(base::Duration time) {
    auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {}
}

}  // namespace

TEST(Loop, RunsWhatOtherThreadsPost) {
    rt::Loop loop;
    std::thread::id seen;
    auto hold = []() -> rt::Co<void> { co_await rt::Sleep(1h); };
    loop.Spawn(hold());
    std::thread other([&] {
        loop.Post([&] {
            seen = std::this_thread::get_id();
            loop.Stop();
        });
    });
    loop.Run();
    other.join();
    EXPECT_EQ(seen, std::this_thread::get_id());
}

TEST(Loop, EndsWhenNothingIsLeft) {
    rt::Loop loop;
    int steps = 0;
    auto work = [](int& count) -> rt::Co<void> { co_await rt::Yield(), ++count; };
    loop.Spawn(work(steps));
    loop.Run();
    EXPECT_EQ(steps, 1);
}

TEST(Loop, NamesALongStep) {
    LogText log;
    rt::Loop loop;
    loop.WatchSteps(20ms);
    auto hogs = []() -> rt::Co<void> { co_await rt::Sleep(1ms), SpendCpu(40ms); };
    loop.Spawn(hogs());
    loop.Run();
    EXPECT_NE(log.text().find("one step kept the loop for "), std::string::npos) << log.text();
}

TEST(Loop, DoesNotTakeAWaitForAStep) {
    LogText log;
    rt::Loop loop;
    loop.WatchSteps(200ms);
    auto waits = []() -> rt::Co<void> { co_await rt::Sleep(250ms); };
    loop.Spawn(waits());
    loop.Run();
    EXPECT_EQ(log.text(), "");
}

TEST(LoopDeathTest, AnExceptionOutOfACoroutineEndsTheProcess) {
    auto bug = []() -> rt::Co<void> {
        co_await rt::Yield();
        throw std::runtime_error("the bug of the day");
    };
    EXPECT_DEATH(rt::RunToEnd(bug()), "the bug of the day");
}

TEST(Loop, GivesTheValueOfACoroutine) {
    auto sum = [](int a, int b) -> rt::Co<int> {
        co_await rt::Yield();
        co_return a + b;
    };
    EXPECT_EQ(rt::RunFor(sum(2, 3)), 5);
}

TEST(Pool, RunsElsewhereAndComesBack) {
    rt::Pool pool(2);
    auto work = [&]() -> rt::Co<void> {
        auto here = std::this_thread::get_id();
        auto there = co_await pool.Run([] { return std::this_thread::get_id(); });
        EXPECT_NE(here, there);
        EXPECT_EQ(here, std::this_thread::get_id());
        int sum = 0;
        for (int i = 0; i < 100; ++i) sum += co_await pool.Run([i] { return i; });
        EXPECT_EQ(sum, 4950);
    };
    rt::RunToEnd(work());
}

TEST(Pool, DropsWhatWaitsWhenItGoes) {
    rt::Loop loop;
    std::atomic<bool> going = false, ran_second = false;
    {
        rt::Pool pool(1);
        auto slow = [](rt::Pool& p, std::atomic<bool>& flag) -> rt::Co<void> {
            co_await p.Run([&flag] {
                while (!flag) std::this_thread::yield();
                std::this_thread::sleep_for(50ms);   // by now the pool is ending
                return 0;
            });
        };
        auto second = [](rt::Pool& p, std::atomic<bool>& ran) -> rt::Co<void> {
            co_await p.Run([&ran] { return ran = true, 0; });
        };
        loop.Spawn(slow(pool, going));
        loop.Spawn(second(pool, ran_second));
        loop.Post([&] { loop.Stop(); });
        loop.Run();
        going = true;
    }
    EXPECT_FALSE(ran_second);
}

TEST(OnTerminate, CallsOnTheLoop) {
    rt::Loop loop;
    bool called = false;
    rt::OnTerminate(loop, [&] {
        called = true;
        loop.Stop();
    });
    loop.Post([] { raise(SIGTERM); });
    loop.Run();
    EXPECT_TRUE(called);
}
