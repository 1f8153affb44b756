#include <gtest/gtest.h>

#include "backend/sim/machine.h"
#include "base/text.h"
#include "rt/loop.h"
#include "rt/run.h"

namespace backend::sim {
namespace {

using namespace std::chrono_literals;

VmSpec Spec(std::string id) {
    VmSpec spec;
    spec.id = std::move(id);
    spec.name = "VM-" + spec.id;
    spec.nics.push_back({.key = 4000, .model = "e1000", .mac = "00:50:56:00:00:01"});
    return spec;
}

// Ten thousand power-ons of ten seconds each, on a clock that is moved once.
rt::Co<void> StartMany(rt::VirtualTimer& timer, Machine& machine, int count, int& running, int& infos) {
    machine.on_event = [&](const Event& e) {
        running += e.kind == EventKind::kRunning;
        infos += e.kind == EventKind::kGuestInfo;
    };
    struct Start {
        static rt::Co<void> One(Machine& machine, int number) {
            VmSpec spec = Spec(base::Cat(number));
            auto started = co_await machine.Start(std::move(spec), {}, nullptr);
            EXPECT_TRUE(started);
        }
    };
    for (int i = 0; i < count; ++i) co_await rt::Detach(Start::One(machine, i));
    co_await rt::Yield();
    EXPECT_EQ(running, 0);
    timer.Advance(10s);
    for (int i = 0; i < 20 && infos < count; ++i) {
        co_await rt::Yield();
        timer.Advance(1s);
    }
}

TEST(SimMachine, RunsTenThousandOnAVirtualClock) {
    rt::VirtualTimer timer;
    Script script;
    script.Takes(Op::kStart, "", 10s);
    script.Takes(Op::kBoot, "", 3s);
    Machine machine(timer, std::move(script));
    int running = 0, infos = 0;
    rt::RunToEnd(StartMany(timer, machine, 10'000, running, infos));
    EXPECT_EQ(running, 10'000);
    EXPECT_EQ(infos, 10'000);
    EXPECT_EQ(machine.world().vms().size(), 10'000u);
}

TEST(SimMachine, FailsAsTheScriptSaysAndThenNoMore) {
    rt::VirtualTimer timer;
    Script script;
    script.Fails(Op::kStart, "1", base::Error{base::Code::kNoSpace, "no memory for 1"});
    Machine machine(timer, std::move(script));
    VmSpec one = Spec("1"), two = Spec("2"), again = Spec("1");
    auto first = rt::RunFor(machine.Start(one, {}, nullptr));
    auto other = rt::RunFor(machine.Start(two, {}, nullptr));
    auto second = rt::RunFor(machine.Start(again, {}, nullptr));
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().message, "no memory for 1");
    EXPECT_TRUE(other);
    EXPECT_TRUE(second);
}

TEST(SimMachine, AVmOfItsOwnRuleTakesThatTime) {
    Script script;
    script.Takes(Op::kStop, "", 1s);
    script.Takes(Op::kStop, "7", 5s);
    EXPECT_EQ(script.TimeFor(Op::kStop, "7"), 5s);
    EXPECT_EQ(script.TimeFor(Op::kStop, "8"), 1s);
    EXPECT_EQ(script.TimeFor(Op::kStart, "7"), 0s);
}

rt::Co<void> LoseOne(rt::Timer& timer) {
    auto world = std::make_shared<World>(timer, Script{});
    auto before = std::make_unique<Machine>(world);
    VmSpec one = Spec("1"), two = Spec("2");
    auto started = co_await before->Start(one, {}, nullptr);
    EXPECT_TRUE(started);
    started = co_await before->Start(two, {}, nullptr);
    EXPECT_TRUE(started);
    before.reset();
    for (int i = 0; i < 5; ++i) co_await rt::Yield();    // its guest boots meanwhile
    world->PowerOff("1");
    Machine after(world);
    auto found = co_await after.Adopt();
    EXPECT_TRUE(found);
    EXPECT_EQ(found ? found->size() : 0, 2u);
    if (!found || found->size() != 2) co_return;
    EXPECT_EQ(found->front().vm, "2");
    EXPECT_EQ(found->front().guest.host_name, "vm-2");
    EXPECT_EQ(found->back().vm, "1");
    EXPECT_EQ(found->back().state, RunState::kStopped);
}

TEST(SimMachine, GuestsGoOnWhileNobodyLooks) {
    rt::SystemTimer timer;
    rt::RunToEnd(LoseOne(timer));
}

}  // namespace
}  // namespace backend::sim
