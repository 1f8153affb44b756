// When a guest's clock is set.
#include "test/vm/one_host.h"

namespace vm {
namespace {

using namespace std::chrono_literals;

struct TimeRow {
    const char* name;
    std::optional<bool> sync, allowed;
    base::Duration lag;
    bool set;                            // when the agent comes, and at each look
};
struct GuestTimeTest : OneHost {
    void Agent(const vim::Ref& vm) {
        life->machine.on_event(
            {.vm = vm.id, .kind = backend::EventKind::kGuestInfo, .detail = {}, .guest = {.agent = true}});
    }
    // A guest that boots slower than the test lasts: its agent comes when Agent() says so.
    vim::Ref Started(std::optional<bool> sync, std::optional<bool> allowed) {
        world->script.Takes(backend::sim::Op::kBoot, "", 1h);
        Spec spec = WholeSpec("web");
        vim::ToolsConfigInfo tools;
        tools.sync_time_with_host = sync;
        tools.sync_time_with_host_allowed = allowed;
        spec.tools = std::move(tools);
        vim::Ref vm = Create(std::move(spec));
        EXPECT_TRUE(PowerOn(vm));
        return vm;
    }
    int TimesSet(const vim::Ref& vm) { return world->Find(vm.id)->times_set; }
    static rt::Co<bool> Until(std::function<bool()> so) {
        for (int i = 0; i < 500 && !so(); ++i) co_await rt::Sleep(2ms);
        co_return so();
    }
};
struct LateClock : GuestTimeTest, testing::WithParamInterface<TimeRow> {};

TEST_P(LateClock, IsSetWhenTheAgentComesAndLater) {
    vim::Ref vm = Started(GetParam().sync, GetParam().allowed);
    world->Find(vm.id)->lag = GetParam().lag;
    Agent(vm);
    life->Run(Life::Quiet(*life));
    EXPECT_EQ(TimesSet(vm), GetParam().set ? 1 : 0);
    Agent(vm);                                           // it has been there
    life->Run(Life::Quiet(*life));
    vms().guest_time.options.every = 5ms;
    world->Find(vm.id)->lag = GetParam().lag;
    bool stopping = false;
    life->loop.Spawn(vms().guest_time.Run(stopping));
    EXPECT_EQ(life->Run(Until([&] { return TimesSet(vm) == 2; })), GetParam().set);
    stopping = true;
    life->Run(Until([] { return false; }));
    EXPECT_EQ(TimesSet(vm), GetParam().set ? 2 : 0) << "a clock that is right is left alone";
}

INSTANTIATE_TEST_SUITE_P(, LateClock,
                         testing::Values(TimeRow{"not_asked_for", {}, {}, 1h, false},
                                         TimeRow{"late", true, {}, 2s, true},
                                         TimeRow{"a_little_late", true, {}, 100ms, false},
                                         TimeRow{"ahead", true, {}, -1h, false},
                                         TimeRow{"not_allowed", true, false, 1h, false}),
                         [](const auto& i) { return i.param.name; });

struct StillRow {
    const char* name;
    std::optional<bool> allowed;
    const char* option;
    int set;
};
struct StoodStill : GuestTimeTest, testing::WithParamInterface<StillRow> {};

TEST_P(StoodStill, IsSetWhicheverWayItIsWrong) {
    vim::Ref vm = Started({}, GetParam().allowed);
    Spec spec;
    vim::OptionValue option;
    option.key = "time.synchronize.resume.disk";
    option.value = std::string(GetParam().option);
    spec.extra_config.push_back(std::move(option));
    ASSERT_TRUE(Reconfig(vm, spec));
    ASSERT_TRUE(Suspend(vm));
    ASSERT_TRUE(PowerOn(vm));
    world->Find(vm.id)->lag = -1h;
    Agent(vm);
    EXPECT_EQ(life->Run(Until([&] { return TimesSet(vm) == 1; })), GetParam().set == 1);
}

INSTANTIATE_TEST_SUITE_P(, StoodStill,
                         testing::Values(StillRow{"usual", {}, "", 1}, StillRow{"refused", {}, "FALSE", 0},
                                         StillRow{"not_allowed", false, "", 0}),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace vm
