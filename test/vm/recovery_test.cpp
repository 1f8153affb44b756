// hostd is killed between any two steps of each operation. What is true afterwards: the
// operation is done or it never was, its task says which, and no file is left half-made.
#include "test/vm/one_host.h"

namespace vm {
namespace {

struct RecoveryTest : OneHost {
    // Runs `start` until the n-th step, then ends hostd and starts it again. False: it had
    // no n-th step and came to its end.
    bool KillAt(int step, const std::function<rt::Co<vim::Result<vim::Ref>>()>& start) {
        life->tasks->stop_at = life->tasks->steps + step;
        (void)life->Do(start());
        bool killed = life->tasks->stopped;
        Restart();
        return killed;
    }
    // The state of the only task that ended now.
    std::string LastTask() {
        std::string state = "none";
        life->inventory.Now()->ForEach([&](const vim::ManagedObject& o) {
            if (auto* task = dynamic_cast<const vim::Task*>(&o)) state = vim::Name(task->info->state);
        });
        return state;
    }
};

TEST_F(RecoveryTest, CreateIsDoneOrNeverWas) {
    int steps = 0;
    for (int step = 1;; ++step) {
        std::string name = base::Cat("web", step);
        std::set<std::string> before = Files();
        if (!KillAt(step, [&] { return CreateCall(WholeSpec(name)); })) break;
        steps = step;
        vim::Ref vm = vms().context.ByName(name, {});
        EXPECT_EQ(LastTask(), vm ? "success" : "error") << "step " << step;
        if (!vm) {
            EXPECT_EQ(Files(), before) << "step " << step;
            EXPECT_TRUE(TryCreate(WholeSpec(name))) << "step " << step << ": the name must be free again";
            continue;
        }
        auto on = PowerOn(vm);
        EXPECT_TRUE(on) << "step " << step << ": " << (on ? "" : on.error().message());
    }
    EXPECT_GE(steps, 5);
}

TEST_F(RecoveryTest, DestroyIsFinished) {
    int steps = 0;
    for (int step = 1;; ++step) {
        vim::Ref vm = Create(WholeSpec(base::Cat("web", step)));
        auto start = [&] { return vms().lifecycle.Destroy(On<vim::call::Destroy>(vm), "root", life->permit); };
        bool killed = KillAt(step, start);
        EXPECT_FALSE(There(vm)) << "step " << step;
        EXPECT_TRUE(Files().empty()) << "step " << step;
        if (!killed) break;
        EXPECT_EQ(LastTask(), "success") << "step " << step;
        steps = step;
    }
    EXPECT_GE(steps, 3);
}

TEST_F(RecoveryTest, RegisterIsFinished) {
    int steps = 0;
    for (int step = 1;; ++step) {
        vim::Ref old = Create(WholeSpec(base::Cat("web", step)));
        ASSERT_TRUE(Unregister(old));
        std::string path = base::Cat("[datastore1] web", step, "/web", step, ".vmx");
        bool killed = KillAt(step, [&] { return RegisterCall(path); });
        EXPECT_TRUE(vms().context.ByName(base::Cat("web", step), {})) << "step " << step;
        if (!killed) break;
        EXPECT_EQ(LastTask(), "success") << "step " << step;
        steps = step;
    }
    EXPECT_GE(steps, 2);
}

TEST_F(RecoveryTest, ReconfigureKeepsTheOldOrTheNew) {
    vim::Ref vm = Create(WholeSpec("web"));
    int steps = 0;
    bool seen_old = false, seen_new = false;
    for (int step = 1;; ++step) {
        std::set<std::string> before = Files();
        vim::Ptr<Config> had = Get(vm).config;
        Spec spec;
        spec.memory_mb = 256 + 4 * step;
        spec.device_change = {Add(Disk(1024, 1000), true)};
        if (step > 1) {                                  // and the disk of the round before goes
            for (const Device& d : had->hardware->device)
                if (d->key > 2000 && d->key < 2016) {
                    vim::VirtualDeviceConfigSpec remove;
                    remove.operation = vim::VirtualDeviceConfigSpecOperation::kRemove;
                    remove.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kDestroy;
                    remove.device = d;
                    spec.device_change.push_back(std::move(remove));
                    break;
                }
        }
        bool killed = KillAt(step, [&] { return ReconfigCall(vm, spec); });
        bool is_new = Get(vm).config->hardware->memory_mb == 256 + 4 * step;
        if (!is_new) {
            EXPECT_TRUE(vim::Equal(had.get(), Get(vm).config.get())) << "step " << step;
            EXPECT_EQ(Files(), before) << "step " << step;
        }
        (is_new ? seen_new : seen_old) = true;
        if (!killed) break;
        EXPECT_EQ(LastTask(), is_new ? "success" : "error") << "step " << step;
        EXPECT_TRUE(Get(vm).config_issue.empty()) << "step " << step;
        EXPECT_TRUE(PowerOn(vm)) << "step " << step;
        EXPECT_TRUE(PowerOff(vm)) << "step " << step;
        steps = step;
    }
    EXPECT_GE(steps, 5);
    EXPECT_TRUE(seen_old && seen_new);
}

// Whatever the guest does now is what the inventory says, and the opposite can be asked for.
struct Row {
    const char* name;
    PowerState from;
};
struct PowerRecovery : RecoveryTest, testing::WithParamInterface<Row> {};

TEST_P(PowerRecovery, TellsWhatTheGuestDoes) {
    vim::Ref vm = Create(WholeSpec("web"));
    auto start = [&]() -> rt::Co<vim::Result<vim::Ref>> {
        std::string_view name = GetParam().name;
        if (name == "off") return vms().power.PowerOff(On<vim::call::PowerOffVM>(vm), "root");
        if (name == "reset") return vms().power.Reset(On<vim::call::ResetVM>(vm), "root");
        if (name == "suspend") return vms().power.Suspend(On<vim::call::SuspendVM>(vm), "root");
        return vms().power.PowerOn(On<vim::call::PowerOnVM>(vm), "root");
    };
    for (int step = 1;; ++step) {
        if (GetParam().from != PowerState::kPoweredOff) ASSERT_TRUE(PowerOn(vm));
        if (GetParam().from == PowerState::kSuspended) ASSERT_TRUE(Suspend(vm));
        bool killed = KillAt(step, start);
        bool runs = life->machine.StateOf(vm.id) == backend::RunState::kRunning;
        PowerState state = Get(vm).runtime->power_state;
        EXPECT_EQ(state == PowerState::kPoweredOn, runs) << "step " << step;
        EXPECT_EQ(state == PowerState::kSuspended, Exists("web/web.vmss")) << "step " << step;
        if (killed) EXPECT_NE(LastTask(), "running") << "step " << step;
        if (state != PowerState::kPoweredOff) ASSERT_TRUE(PowerOff(vm));
        if (!killed) return;
    }
}

INSTANTIATE_TEST_SUITE_P(, PowerRecovery,
                         testing::Values(Row{"on", PowerState::kPoweredOff}, Row{"resume", PowerState::kSuspended},
                                         Row{"off", PowerState::kPoweredOn}, Row{"reset", PowerState::kPoweredOn},
                                         Row{"suspend", PowerState::kPoweredOn}),
                         [](const auto& i) { return i.param.name; });

TEST_F(RecoveryTest, RunningVmsAreTheSameBeforeAndAfter) {
    vim::Ref vm = Create(WholeSpec("web"));
    ASSERT_TRUE(PowerOn(vm));
    auto before = Get(vm);
    Restart();
    const Vm& after = Get(vm);
    EXPECT_EQ(after.runtime->power_state, PowerState::kPoweredOn);
    EXPECT_EQ(after.runtime->boot_time, before.runtime->boot_time);
    EXPECT_TRUE(vim::Equal(before.config.get(), after.config.get()));
}

}  // namespace
}  // namespace vm
