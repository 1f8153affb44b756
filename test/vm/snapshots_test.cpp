// Snapshots by a client's calls, on an imagined hypervisor with real files.
#include "vm/snapshots.h"

#include "test/vm/one_host.h"
#include "vm/snapshot_nodes.h"

namespace vm {
namespace {

struct SnapshotsTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));

    rt::Co<vim::Result<vim::Ref>> TakeCall(std::string name, bool memory = false) {
        auto call = On<vim::call::CreateSnapshot>(vm);
        call.name = std::move(name);
        call.description = "of a test";
        call.memory = memory;
        call.quiesce = !memory;
        return vms().snapshots.Create(std::move(call), "root");
    }
    vim::Result<vim::Any> TryTake(std::string name, bool memory = false) {
        return life->Do(TakeCall(std::move(name), memory));
    }
    vim::Ref Take(std::string name, bool memory = false) {
        auto taken = TryTake(std::move(name), memory);
        if (!taken) ADD_FAILURE() << taken.error().message();
        return taken ? *taken->As<vim::Ref>() : vim::Ref();
    }
    rt::Co<vim::Result<vim::Ref>> RevertCall(const vim::Ref& snapshot, bool suppress = false) {
        auto call = On<vim::call::RevertToSnapshot>(snapshot);
        call.suppress_power_on = suppress;
        return vms().snapshots.Revert(std::move(call), "root");
    }
    vim::Result<vim::Any> Revert(const vim::Ref& snapshot, bool suppress = false) {
        return life->Do(RevertCall(snapshot, suppress));
    }
    rt::Co<vim::Result<vim::Ref>> RemoveCall(const vim::Ref& snapshot, bool children = false, bool consolidate = true) {
        auto call = On<vim::call::RemoveSnapshot>(snapshot);
        call.remove_children = children;
        call.consolidate = consolidate;
        return vms().snapshots.Remove(std::move(call), "root");
    }
    vim::Result<vim::Any> Remove(const vim::Ref& snapshot, bool children = false, bool consolidate = true) {
        return life->Do(RemoveCall(snapshot, children, consolidate));
    }
    std::string Disk() {
        auto* disk = FindDevice(Get(vm).config->hardware->device, 2000);
        return disk->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()->file_name;
    }
    bool Shown(const vim::Ref& snapshot) { return life->inventory.Now()->Get<vim::VirtualMachineSnapshot>(snapshot); }
};

TEST_F(SnapshotsTest, ATreeGrowsAndIsShown) {
    vim::Ref first = Take("first"), second = Take("second");
    EXPECT_EQ(first.id, vm.id + "-snapshot-1");
    const Vm& v = Get(vm);
    ASSERT_TRUE(v.snapshot);
    EXPECT_EQ(v.snapshot->current_snapshot, second);
    ASSERT_EQ(v.snapshot->root_snapshot_list.size(), 1u);
    const auto& root = *v.snapshot->root_snapshot_list.front();
    EXPECT_EQ(root.name, "first");
    EXPECT_EQ(root.description, "of a test");
    EXPECT_EQ(root.state, PowerState::kPoweredOff);
    ASSERT_EQ(root.child_snapshot_list.size(), 1u);
    EXPECT_EQ(root.child_snapshot_list.front()->snapshot, second);
    EXPECT_EQ(v.root_snapshot, std::vector{first});
    EXPECT_EQ(Disk(), "[datastore1] web/web-000002.vmdk");
    EXPECT_FALSE(v.runtime->consolidation_needed);
    ASSERT_EQ(v.layout_ex->snapshot.size(), 2u);
    EXPECT_EQ(v.layout_ex->snapshot[1]->disk.front()->chain.size(), 2u);
    auto* object = life->inventory.Now()->Get<vim::VirtualMachineSnapshot>(first);
    ASSERT_TRUE(object);
    EXPECT_EQ(object->vm, vm);
    EXPECT_EQ(object->child_snapshot, std::vector{second});
    auto* then = FindDevice(object->config->hardware->device, 2000);
    EXPECT_EQ(then->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()->file_name, "[datastore1] web/web.vmdk");
    Restart();
    EXPECT_TRUE(Shown(first) && Shown(second));
    EXPECT_EQ(Get(vm).snapshot->current_snapshot, second);
}

TEST_F(SnapshotsTest, OfARunningVmWithMemoryGoesOn) {
    ASSERT_TRUE(PowerOn(vm));
    vim::Ref snapshot = Take("awake", true);
    EXPECT_TRUE(Exists("web/web-Snapshot1.vmem"));
    EXPECT_EQ(Get(vm).snapshot->root_snapshot_list.front()->state, PowerState::kPoweredOn);
    EXPECT_EQ(world->Find(vm.id)->spec.disks.at(0).overlays.back(), File("web/web-000001-delta.vmdk"));
    ASSERT_TRUE(PowerOff(vm));
    auto back = Revert(snapshot);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOn);
    EXPECT_EQ(Disk(), "[datastore1] web/web-000002.vmdk");
    EXPECT_FALSE(Exists("web/web-000001.vmdk")) << "what was written since is given up";
    ASSERT_TRUE(Revert(snapshot, true));
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOff);
}

TEST_F(SnapshotsTest, RevertingBringsTheConfigurationBack) {
    vim::Ref snapshot = Take("small");
    Spec more;
    more.memory_mb = 512;
    ASSERT_TRUE(Reconfig(vm, more));
    ASSERT_TRUE(Revert(snapshot));
    EXPECT_EQ(Get(vm).config->hardware->memory_mb, 256);
    vim::Ref other = Take("branch");
    EXPECT_EQ(Get(vm).snapshot->root_snapshot_list.front()->child_snapshot_list.front()->snapshot, other);
    EXPECT_TRUE(Get(vm).config_issue.empty());
}

TEST_F(SnapshotsTest, RemovingWhileItRunsMergesTheLayers) {
    vim::Ref first = Take("first"), second = Take("second");
    ASSERT_TRUE(PowerOn(vm));
    auto gone = Remove(first);
    ASSERT_TRUE(gone) << gone.error().message();
    EXPECT_FALSE(Shown(first));
    EXPECT_TRUE(Shown(second));
    EXPECT_EQ(Get(vm).root_snapshot, std::vector{second});
    EXPECT_FALSE(Exists("web/web-000001.vmdk"));
    EXPECT_EQ(Disk(), "[datastore1] web/web-000002.vmdk");
    gone = Remove(second);
    ASSERT_TRUE(gone) << gone.error().message();
    EXPECT_FALSE(Get(vm).snapshot);
    EXPECT_EQ(Disk(), "[datastore1] web/web.vmdk");
    EXPECT_TRUE(world->Find(vm.id)->spec.disks.at(0).overlays.empty());
    EXPECT_EQ(world->Find(vm.id)->state, backend::RunState::kRunning);
    EXPECT_EQ(Files(),
              (std::set<std::string>{"web", "web/web.vmdk", "web/web-flat.vmdk", "web/web.vmx", "web/web.vmsd"}));
}

TEST_F(SnapshotsTest, WithoutConsolidationItIsNeeded) {
    vim::Ref first = Take("first");
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(Remove(first, false, false));
    EXPECT_FALSE(Get(vm).snapshot);
    EXPECT_TRUE(Get(vm).runtime->consolidation_needed);
    auto done = life->Do(vms().snapshots.Consolidate(On<vim::call::ConsolidateVMDisks>(vm), "root"));
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_FALSE(Get(vm).runtime->consolidation_needed);
    EXPECT_EQ(Disk(), "[datastore1] web/web.vmdk");
}

TEST_F(SnapshotsTest, AFailedMergeIsToldAndCanBeDoneAgain) {
    vim::Ref first = Take("first");
    ASSERT_TRUE(PowerOn(vm));
    world->script.Fails(backend::sim::Op::kMergeLayers, vm.id, base::Error{base::Code::kNoSpace, "full"});
    auto gone = Remove(first);
    ASSERT_FALSE(gone);
    EXPECT_TRUE(gone.error().As<vim::NoDiskSpace>()) << gone.error().message();
    EXPECT_TRUE(Get(vm).runtime->consolidation_needed);
    EXPECT_TRUE(life->Do(vms().snapshots.Consolidate(On<vim::call::ConsolidateVMDisks>(vm), "root")));
    EXPECT_FALSE(Get(vm).runtime->consolidation_needed);
}

TEST_F(SnapshotsTest, AFailedSnapshotLeavesNothing) {
    auto before = Files();
    ASSERT_TRUE(PowerOn(vm));
    world->script.Fails(backend::sim::Op::kTakeSnapshot, vm.id, base::Error{base::Code::kIo, "the script says so"});
    EXPECT_FALSE(TryTake("never"));
    EXPECT_EQ(Files(), before);
    EXPECT_EQ(Disk(), "[datastore1] web/web.vmdk");
    world->script.Fails(backend::sim::Op::kTakeSnapshot, vm.id, base::Error{base::Code::kBusy, "agent"});
    auto busy = TryTake("never");
    ASSERT_FALSE(busy);
    EXPECT_TRUE(busy.error().As<vim::ApplicationQuiesceFault>());
}

TEST_F(SnapshotsTest, RefusesWithTheRightFault) {
    auto no_name = TryTake("");
    ASSERT_FALSE(no_name);
    EXPECT_TRUE(no_name.error().As<vim::InvalidName>());
    EXPECT_NE(no_name.error().message().find("a snapshot needs a name"), std::string::npos);
    auto none = life->Do(vms().snapshots.RevertToCurrent(On<vim::call::RevertToCurrentSnapshot>(vm), "root"));
    ASSERT_FALSE(none);
    EXPECT_TRUE(none.error().As<vim::NotFound>());
    auto rename = On<vim::call::RenameSnapshot>(Take("first"));
    rename.name = "";
    auto renamed = life->Run(vms().snapshots.Rename(std::move(rename), "root"));
    ASSERT_FALSE(renamed);
    ASSERT_TRUE(renamed.error().As<vim::InvalidName>());
    EXPECT_EQ(renamed.error().As<vim::InvalidName>()->entity, vm);
    EXPECT_EQ(renamed.error().message(), "a snapshot needs a name");
}

struct Minutes {
    const char* name;
    std::optional<int> given;
    bool good;
};
struct QuiesceSpec : SnapshotsTest, testing::WithParamInterface<Minutes> {
    vim::Result<vim::Any> TakeEx(vim::Ptr<vim::VirtualMachineGuestQuiesceSpec> spec) {
        auto call = On<vim::call::CreateSnapshotEx>(vm);
        call.name = "ex";
        call.quiesce_spec = std::move(spec);
        return life->Do(vms().snapshots.CreateEx(std::move(call), "root"));
    }
};

TEST_P(QuiesceSpec, HasMinutesThatCanBe) {
    ASSERT_TRUE(PowerOn(vm));
    vim::VirtualMachineGuestQuiesceSpec spec;
    spec.timeout = GetParam().given;
    auto taken = TakeEx(std::move(spec));
    EXPECT_EQ(bool(taken), GetParam().good);
    if (!taken) EXPECT_TRUE(taken.error().As<vim::InvalidArgument>()) << taken.error().message();
    EXPECT_EQ(Exists("web/web-000001.vmdk"), GetParam().good);
}

INSTANTIATE_TEST_SUITE_P(, QuiesceSpec,
                         testing::Values(Minutes{"usual", std::nullopt, true}, Minutes{"least", 5, true},
                                         Minutes{"most", 240, true}, Minutes{"less", 4, false},
                                         Minutes{"more", 241, false}, Minutes{"negative", -1, false}),
                         [](const auto& i) { return i.param.name; });

TEST_F(QuiesceSpec, OfWindowsIsOneToo) {
    vim::VirtualMachineWindowsQuiesceSpec spec;
    spec.vss_backup_type = 2;
    EXPECT_TRUE(TakeEx(std::move(spec)));
    EXPECT_TRUE(TakeEx(nullptr));
}

struct SuspendedSnapshots : SnapshotsTest {
    PowerState State() { return Get(vm).runtime->power_state; }
    void FallAsleep() {
        if (State() != PowerState::kPoweredOn) ASSERT_TRUE(PowerOn(vm));
        ASSERT_TRUE(Suspend(vm));
    }
    // Goes on from its state: the imagined hypervisor refuses another's, or none.
    void WakesUp(const std::string& when) {
        EXPECT_EQ(State(), PowerState::kSuspended) << when;
        EXPECT_TRUE(Get(vm).config_issue.empty()) << when;
        auto on = PowerOn(vm);
        ASSERT_TRUE(on) << when << ": " << on.error().message();
    }
};

TEST_F(SuspendedSnapshots, KeepTheStateAndGoBackToIt) {
    FallAsleep();
    vim::Ref asleep = Take("asleep");
    EXPECT_EQ(State(), PowerState::kSuspended);
    EXPECT_EQ(Get(vm).snapshot->root_snapshot_list.front()->state, PowerState::kSuspended);
    EXPECT_TRUE(Exists("web/web-Snapshot1.vmem"));
    Restart();
    WakesUp("after it was taken");
    EXPECT_FALSE(Exists("web/web.vmss"));
    ASSERT_TRUE(PowerOff(vm));
    auto back = Revert(asleep);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_TRUE(Exists("web/web.vmss"));
    Restart();
    WakesUp("gone back to");
    FallAsleep();
    ASSERT_TRUE(Revert(asleep));
    WakesUp("gone back to while suspended");
    EXPECT_TRUE(Exists("web/web-Snapshot1.vmem"));
}

TEST_F(SuspendedSnapshots, AreWholeWhereverTheyAreCutOff) {
    using Begin = rt::Co<vim::Result<vim::Ref>> (*)(SuspendedSnapshots&, const vim::Ref&);
    const Begin operations[] = {
        [](SuspendedSnapshots& t, const vim::Ref&) { return t.TakeCall("second"); },
        [](SuspendedSnapshots& t, const vim::Ref& s) { return t.RevertCall(s); },
        [](SuspendedSnapshots& t, const vim::Ref& s) { return t.RemoveCall(s); },
    };
    for (std::size_t i = 0; i < std::size(operations); ++i)
        for (int step = 1; step < 12; ++step) {
            FallAsleep();
            vim::Ref first = Take("first");
            life->tasks->steps = 0;
            life->tasks->stop_at = step;
            (void)life->Do(operations[i](*this, first));
            bool stopped = life->tasks->stopped;
            Restart();
            WakesUp(base::Cat("operation ", i, ", step ", step));
            auto all = life->Do(vms().snapshots.RemoveAll(On<vim::call::RemoveAllSnapshots>(vm), "root"));
            ASSERT_TRUE(all) << all.error().message();
            EXPECT_EQ(Files(), (std::set<std::string>{"web", "web/web.vmdk", "web/web-flat.vmdk", "web/web.vmx",
                                                      "web/web.vmsd"}))
                << "operation " << i << ", step " << step;
            if (!stopped) break;
        }
}

// EFI variables are a part of what a machine was.
TEST_F(SnapshotsTest, EfiVariablesComeAndGoWithThem) {
    auto write = [&](const std::string& text) { std::ofstream(File("web/web.nvram"), std::ios::trunc) << text; };
    auto read = [&] {
        std::ifstream in(File("web/web.nvram"));
        return std::string((std::istreambuf_iterator<char>(in)), {});
    };
    for (bool on : {false, true}) {
        write("before");
        if (on) ASSERT_TRUE(PowerOn(vm));
        vim::Ref snapshot = Take("efi");
        std::string kept = base::Cat("web/web-Snapshot", SnapshotUid(vm, snapshot), ".nvram");
        EXPECT_TRUE(Exists(kept));
        write("after");
        if (on) ASSERT_TRUE(PowerOff(vm));
        ASSERT_TRUE(Revert(snapshot));
        EXPECT_EQ(read(), "before");
        ASSERT_TRUE(PowerOn(vm));                        // layers are merged by what runs
        ASSERT_TRUE(Remove(snapshot));
        ASSERT_TRUE(PowerOff(vm));
        EXPECT_FALSE(Exists(kept));
        EXPECT_FALSE(Exists("web/web.nvram.new"));
    }
    write("none of a snapshot's");
    vim::Ref snapshot = Take("efi");
    std::filesystem::remove(File(base::Cat("web/web-Snapshot", SnapshotUid(vm, snapshot), ".nvram")));
    ASSERT_TRUE(Revert(snapshot));
    EXPECT_EQ(read(), "none of a snapshot's");
    ASSERT_TRUE(Destroy(vm));
    EXPECT_TRUE(Files().empty());
}

TEST_F(SnapshotsTest, ThirtyTwoInARowAndNoMore) {
    for (int i = 0; i < 32; ++i) ASSERT_TRUE(TryTake(base::Cat("s", i)));
    auto more = TryTake("one too many");
    ASSERT_FALSE(more);
    EXPECT_TRUE(more.error().As<vim::TooManySnapshotLevels>()) << more.error().message();
}

TEST_F(SnapshotsTest, IsRenamed) {
    vim::Ref first = Take("first");
    auto call = On<vim::call::RenameSnapshot>(first);
    call.name = "other";
    auto renamed = life->Run(vms().snapshots.Rename(std::move(call), "root"));
    ASSERT_TRUE(renamed) << renamed.error().message();
    EXPECT_EQ(Get(vm).snapshot->root_snapshot_list.front()->name, "other");
    EXPECT_EQ(Get(vm).snapshot->root_snapshot_list.front()->description, "of a test");
}

TEST_F(SnapshotsTest, ComeAndGoWithTheirVm) {
    vim::Ref first = Take("first");
    ASSERT_TRUE(Unregister(vm));
    EXPECT_FALSE(Shown(first));
    auto again = life->Do(RegisterCall("[datastore1] web/web.vmx"));
    ASSERT_TRUE(again);
    vm = *again->As<vim::Ref>();
    ASSERT_TRUE(Get(vm).snapshot);
    ASSERT_TRUE(Destroy(vm));
    EXPECT_TRUE(Files().empty());
}

// hostd dies at each step of each operation; afterwards the VM starts, and nothing is left over.
struct Cut {
    const char* name;
    bool on;
    rt::Co<vim::Result<vim::Ref>> (*begin)(SnapshotsTest&, const vim::Ref& first);
};
struct SnapshotRecovery : SnapshotsTest, testing::WithParamInterface<Cut> {};

TEST_P(SnapshotRecovery, LeavesAVmThatStarts) {
    for (int step = 1; step < 12; ++step) {
        vim::Ref first = Take("first");
        (void)Take("second");
        if (GetParam().on) ASSERT_TRUE(PowerOn(vm));
        life->tasks->steps = 0;
        life->tasks->stop_at = step;
        (void)life->Do(GetParam().begin(*this, first));
        bool stopped = life->tasks->stopped;
        Restart();
        EXPECT_TRUE(Get(vm).config_issue.empty()) << "step " << step;
        EXPECT_FALSE(Get(vm).runtime->consolidation_needed) << "step " << step;
        if (Get(vm).runtime->power_state == PowerState::kPoweredOn) {
            EXPECT_EQ(world->Find(vm.id)->state, backend::RunState::kRunning);
            ASSERT_TRUE(PowerOff(vm));
        }
        auto on = PowerOn(vm);
        ASSERT_TRUE(on) << on.error().message() << " at step " << step;
        auto all = life->Do(vms().snapshots.RemoveAll(On<vim::call::RemoveAllSnapshots>(vm), "root"));
        ASSERT_TRUE(all) << all.error().message() << " at step " << step;
        ASSERT_TRUE(PowerOff(vm));
        EXPECT_EQ(Files(),
                  (std::set<std::string>{"web", "web/web.vmdk", "web/web-flat.vmdk", "web/web.vmx", "web/web.vmsd"}))
            << "step " << step;
        if (!stopped) return;
    }
}

INSTANTIATE_TEST_SUITE_P(
    , SnapshotRecovery,
    testing::Values(
        Cut{"create_off", false, [](SnapshotsTest& t, const vim::Ref&) { return t.TakeCall("third"); }},
        Cut{"create_on", true, [](SnapshotsTest& t, const vim::Ref&) { return t.TakeCall("third"); }},
        Cut{"create_memory", true, [](SnapshotsTest& t, const vim::Ref&) { return t.TakeCall("third", true); }},
        Cut{"revert_off", false, [](SnapshotsTest& t, const vim::Ref& s) { return t.RevertCall(s); }},
        Cut{"revert_on", true, [](SnapshotsTest& t, const vim::Ref& s) { return t.RevertCall(s); }},
        Cut{"remove_on", true, [](SnapshotsTest& t, const vim::Ref& s) { return t.RemoveCall(s); }},
        Cut{"remove_children_on", true, [](SnapshotsTest& t, const vim::Ref& s) { return t.RemoveCall(s, true); }}),
    [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace vm
