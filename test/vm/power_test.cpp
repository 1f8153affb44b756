#include "test/vm/one_host.h"

namespace vm {
namespace {

using backend::sim::Op;

struct PowerTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));
    PowerState State() { return Get(vm).runtime->power_state; }
    void Bring(PowerState to) {
        if (to == PowerState::kPoweredOff) return;
        ASSERT_TRUE(PowerOn(vm));
        if (to == PowerState::kSuspended) ASSERT_TRUE(Suspend(vm));
    }
};

// Which operation each state refuses, and what the state is afterwards.
struct Row {
    const char* name;
    PowerState from;
    const char* operation;
    bool ok;
    PowerState then;
};
struct PowerFrom : PowerTest, testing::WithParamInterface<Row> {
    vim::Result<vim::Any> Run(std::string_view operation) {
        if (operation == "on") return PowerOn(vm);
        if (operation == "off") return PowerOff(vm);
        if (operation == "reset") return Reset(vm);
        if (operation == "suspend") return Suspend(vm);
        if (operation == "destroy") return Destroy(vm);
        vim::Result<> done;
        if (operation == "shutdown")
            done = life->Run(vms().power.ShutdownGuest(On<vim::call::ShutdownGuest>(vm), "root"));
        if (operation == "reboot") done = life->Run(vms().power.RebootGuest(On<vim::call::RebootGuest>(vm), "root"));
        if (operation == "terminate") done = life->Run(vms().power.Terminate(On<vim::call::TerminateVM>(vm), "root"));
        if (operation == "unregister") done = Unregister(vm);
        if (!done) return std::move(done).error();
        return vim::Any();
    }
};

TEST_P(PowerFrom, State) {
    const Row& row = GetParam();
    Bring(row.from);
    auto done = Run(row.operation);
    ASSERT_EQ(bool(done), row.ok) << (done ? "" : done.error().message());
    if (!done) {
        auto* fault = done.error().As<vim::InvalidPowerState>();
        ASSERT_TRUE(fault) << done.error().message();
        EXPECT_EQ(fault->existing_state, row.from);
    }
    if (There(vm)) EXPECT_EQ(State(), row.then);
}

constexpr PowerState kOff = PowerState::kPoweredOff, kOn = PowerState::kPoweredOn, kSus = PowerState::kSuspended;
INSTANTIATE_TEST_SUITE_P(
    , PowerFrom,
    testing::Values(Row{"off_on", kOff, "on", true, kOn}, Row{"off_off", kOff, "off", false, kOff},
                    Row{"off_reset", kOff, "reset", false, kOff}, Row{"off_suspend", kOff, "suspend", false, kOff},
                    Row{"off_shutdown", kOff, "shutdown", false, kOff}, Row{"off_reboot", kOff, "reboot", false, kOff},
                    Row{"off_terminate", kOff, "terminate", false, kOff},
                    Row{"off_unregister", kOff, "unregister", true, kOff},
                    Row{"off_destroy", kOff, "destroy", true, kOff}, Row{"on_on", kOn, "on", false, kOn},
                    Row{"on_off", kOn, "off", true, kOff}, Row{"on_reset", kOn, "reset", true, kOn},
                    Row{"on_suspend", kOn, "suspend", true, kSus}, Row{"on_terminate", kOn, "terminate", true, kOff},
                    Row{"on_reboot", kOn, "reboot", true, kOn}, Row{"on_unregister", kOn, "unregister", false, kOn},
                    Row{"on_destroy", kOn, "destroy", false, kOn}, Row{"suspended_on", kSus, "on", true, kOn},
                    Row{"suspended_off", kSus, "off", true, kOff}, Row{"suspended_reset", kSus, "reset", false, kSus},
                    Row{"suspended_suspend", kSus, "suspend", false, kSus},
                    Row{"suspended_destroy", kSus, "destroy", false, kSus}),
    [](const auto& i) { return i.param.name; });

TEST_F(PowerTest, PostsItsEventsAndSetsWhatHangsOnIt) {
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_TRUE(life->events.Heard(vim::VmStartingEvent::kType));
    EXPECT_TRUE(life->events.Heard(vim::VmPoweredOnEvent::kType));
    const Vm& on = Get(vm);
    EXPECT_TRUE(on.runtime->boot_time);
    EXPECT_EQ(on.summary->runtime->power_state, kOn);
    EXPECT_EQ(on.summary->runtime.get(), on.runtime.get()) << "one object, not a copy";
    EXPECT_TRUE(FindDevice(on.config->hardware->device, 4000)->connectable->connected);
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_TRUE(life->events.Heard(vim::VmPoweredOffEvent::kType));
    EXPECT_FALSE(Get(vm).runtime->boot_time);
    EXPECT_EQ(Get(vm).guest->guest_state, "notRunning");
    EXPECT_FALSE(FindDevice(Get(vm).config->hardware->device, 4000)->connectable->connected);
}

TEST_F(PowerTest, StaysOffWhenTheBackendFails) {
    world->script.Fails(Op::kStart, vm.id, {base::Code::kIo, "no /dev/kvm"});
    auto done = PowerOn(vm);
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find("no /dev/kvm"), std::string::npos);
    EXPECT_EQ(State(), kOff);
    EXPECT_TRUE(life->events.Heard(vim::VmFailedToPowerOnEvent::kType));
    EXPECT_TRUE(PowerOn(vm)) << "and can be tried again";
}

TEST_F(PowerTest, RunsOnWhenItCannotBeSuspended) {
    ASSERT_TRUE(PowerOn(vm));
    world->script.Fails(Op::kSuspend, vm.id, {base::Code::kNoSpace, "full"});
    EXPECT_FALSE(Suspend(vm));
    EXPECT_EQ(State(), kOn);
    EXPECT_FALSE(Exists("web/web.vmss"));
}

TEST_F(PowerTest, GoesOnFromItsStateAndForgetsIt) {
    Bring(kSus);
    EXPECT_TRUE(Exists("web/web.vmss"));
    EXPECT_NE(Text("web/web.vmx").find("checkpoint.vmState = \"web.vmss\""), std::string::npos);
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_FALSE(Exists("web/web.vmss"));
    EXPECT_EQ(Text("web/web.vmx").find("checkpoint.vmState"), std::string::npos);
}

TEST_F(PowerTest, IsSuspendedAfterARestartToo) {
    Bring(kSus);
    Restart();
    EXPECT_EQ(State(), kSus);
    EXPECT_TRUE(PowerOn(vm));
}

TEST_F(PowerTest, DoesNotGoOnFromAStateThatADiskOutran) {
    Bring(kSus);
    std::filesystem::last_write_time(File("web/web-flat.vmdk"),
                                     std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
    Restart();
    EXPECT_EQ(State(), kOff);
    EXPECT_NE(log.find("a disk was written after"), std::string::npos);
}

TEST_F(PowerTest, SaysThatTheGuestDoesNotTakeIt) {
    ASSERT_TRUE(PowerOn(vm));
    world->script.Fails(Op::kAskGuest, vm.id, {base::Code::kBusy, "no answer"});
    auto done = life->Run(vms().power.ShutdownGuest(On<vim::call::ShutdownGuest>(vm), "root"));
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().As<vim::ToolsUnavailable>());
    EXPECT_TRUE(life->events.Heard(vim::VmFailedToShutdownGuestEvent::kType));
}

TEST_F(PowerTest, NamesAMissingDisk) {
    std::filesystem::remove(File("web/web-flat.vmdk"));
    auto done = PowerOn(vm);
    ASSERT_FALSE(done);
    ASSERT_TRUE(done.error().As<vim::FileNotFound>()) << done.error().message();
    EXPECT_EQ(done.error().As<vim::FileNotFound>()->file, "[datastore1] web/web.vmdk");
}

TEST_F(PowerTest, RefusesASecondTask) {
    world->script.Takes(Op::kStart, vm.id, std::chrono::milliseconds(50));
    struct Both {
        static rt::Co<vim::Result<vim::Ref>> Run(PowerTest& t) {
            auto first = co_await t.vms().power.PowerOn(On<vim::call::PowerOnVM>(t.vm), "root");
            EXPECT_TRUE(first);
            auto second = co_await t.vms().power.PowerOn(On<vim::call::PowerOnVM>(t.vm), "root");
            co_await t.life->tasks->WaitIdle();
            co_return second;
        }
    };
    auto second = life->Run(Both::Run(*this));
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().As<vim::TaskInProgress>()) << second.error().message();
}

}  // namespace
}  // namespace vm
