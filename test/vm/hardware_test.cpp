// Hardware of a VM that runs: what comes and goes, and what grows.
#include "test/vm/hardware.h"

#include "vm/growth.h"

namespace vm {
namespace {

using backend::Bus;
using backend::sim::Op;

TEST_F(HardwareTest, TakesAndLosesDevicesWhileItRuns) {
    ASSERT_TRUE(PowerOn(vm));
    MustReconfig(Change({Add(Scsi<vim::ParaVirtualSCSIController>(-5, 1)), Add(Disk(1024, -5), true), Add(Nic()),
                         Add(Disk(1024, 1000), true)}));
    EXPECT_TRUE(Has(2016) && Has(2001) && Has(4001));
    EXPECT_EQ(Running().hardware.controllers.back(), (backend::ControllerSpec{Bus::kPvscsi, 1}));
    EXPECT_TRUE(Dev(4001)->connectable->connected);
    EXPECT_TRUE(Exists("web/web_1-flat.vmdk"));
    Restart();
    EXPECT_TRUE(Dev(2016) && Dev(2001) && Dev(4001));
    MustReconfig(Change({Of(Operation::kRemove, Dev(4001)), Of(Operation::kRemove, Dev(2001), true),
                         Of(Operation::kRemove, Dev(1001))}));
    EXPECT_FALSE(Has(2016) || Has(2001) || Has(4001));
    EXPECT_FALSE(Dev(1001) || Dev(2016) || Dev(2001));
    EXPECT_EQ(Running().hardware.controllers.size(), 1u);
}

TEST_F(HardwareTest, IsAsBeforeWhenTheGuestKeepsADevice) {
    ASSERT_TRUE(PowerOn(vm));
    MustReconfig(Change({Add(Nic())}));
    world->script.Fails(Op::kUnplug, vm.id, base::Error{base::Code::kBusy, "the guest refuses"});
    auto done = Reconfig(vm, Change({Of(Operation::kRemove, Dev(4001)), Add(Disk(1024, 1000), true)}));
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find("the guest refuses"), std::string::npos) << done.error().message();
    EXPECT_TRUE(Dev(4001) && Has(4001));
    EXPECT_FALSE(Dev(2001) || Exists("web/web_1.vmdk"));
}

TEST_F(HardwareTest, IsAsBeforeWhenADeviceCannotBePlugged) {
    ASSERT_TRUE(PowerOn(vm));
    MustReconfig(Change({Add(Nic())}));
    std::string before = Get(vm).config->change_version;
    world->script.Fails(Op::kPlug, vm.id, base::Error{base::Code::kIo, "QEMU says no"});
    auto done = Reconfig(vm, Change({Of(Operation::kRemove, Dev(4001)), Add(Disk(1024, 1000), true)}));
    ASSERT_FALSE(done);
    EXPECT_TRUE(Has(4001)) << "what was taken away for it comes back";
    EXPECT_FALSE(Has(2001) || Exists("web/web_1.vmdk") || Exists("web/web_1-flat.vmdk"));
    Restart();
    EXPECT_TRUE(Dev(4001));
    EXPECT_FALSE(Dev(2001));
}

// hostd dies at each step of a change: the guest has what the configuration says.
TEST_F(HardwareTest, MatchesItsConfigurationWhereverHostdDies) {
    ASSERT_TRUE(PowerOn(vm));
    for (int step = 1; step < 12; ++step) {
        life->tasks->stop_at = life->tasks->steps + step;
        auto done = Reconfig(vm, Change({Add(Disk(1024, 1000), true)}));
        bool finished = bool(done);
        Restart();
        int key = Dev(2001) ? 2001 : 0;
        EXPECT_EQ(Has(2001), key != 0) << "killed at step " << step;
        EXPECT_EQ(Exists("web/web_1-flat.vmdk"), key != 0) << "killed at step " << step;
        if (key) MustReconfig(Change({Of(Operation::kRemove, Dev(2001), true)}));
        if (finished) break;
    }
}

TEST_F(HardwareTest, GrowsWhileItRunsAndIsOnePieceAfterwards) {
    Enable();
    EXPECT_EQ(Get(vm).config->hot_plug_memory_increment_size, 128);
    int start = Get(vm).config->hardware->memory_mb;
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Running().hardware.max_cpus, 16) << "of a small machine";
    EXPECT_EQ(Running().hardware.max_memory_mb, start * 16);
    for (int more : {128, 384}) {
        Spec spec;
        spec.memory_mb = start + more;
        spec.num_cp_us = 1 + more / 128;
        MustReconfig(spec);
    }
    EXPECT_EQ(Running().cpus, 4);
    std::vector<backend::DimmSpec> modules = {{0, 128}, {1, 256}};
    EXPECT_EQ(Running().hardware.dimms, modules);
    EXPECT_EQ(Get(vm).config->hot_plug_memory_limit, start * 16) << "the board stays as it was started";

    ASSERT_TRUE(Suspend(vm));
    Restart();
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Running().memory_mb, start) << "a saved state finds the memory that it was saved from";
    EXPECT_EQ(Running().hardware.dimms, modules);
    EXPECT_EQ(Running().cpus, 4);

    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Running().memory_mb, start + 384);
    EXPECT_TRUE(Running().hardware.dimms.empty());
    EXPECT_FALSE(ExtraConfig(*Get(vm).config, kModulesKey));
}

TEST_F(HardwareTest, LimitsDisksAndMovesAdaptersWhileItRuns) {
    ASSERT_TRUE(PowerOn(vm));
    Device disk = Dev(2000);
    static_cast<vim::VirtualDisk&>(disk.Mut()).storage_io_allocation.Mut().limit = 500;
    MustReconfig(Change({Of(Operation::kEdit, disk)}));
    EXPECT_EQ(Running().disks.front().iops, 500);
    Restart();
    EXPECT_EQ(dynamic_cast<const vim::VirtualDisk&>(*Dev(2000)).storage_io_allocation->limit, 500);
    static_cast<vim::VirtualDisk&>(disk.Mut()).storage_io_allocation.Mut().limit = 0;
    EXPECT_FALSE(Reconfig(vm, Change({Of(Operation::kEdit, disk)})));
    Device nic = Dev(4000);
    nic.Mut().connectable.Mut().connected = false;
    MustReconfig(Change({Of(Operation::kEdit, nic)}));
    Spec note;
    note.annotation = "another change";
    MustReconfig(note);
    EXPECT_FALSE(Dev(4000)->connectable->connected) << "a change of something else leaves it down";
    Restart();
    EXPECT_FALSE(Dev(4000)->connectable->connected) << "as does a restart";
}

TEST_F(HardwareTest, ChangesFloppiesWhileItRuns) {
    Write("a.img", std::string(1440 * 1024, '\0'));
    auto image = [](vim::VirtualFloppy& drive) {
        vim::VirtualFloppyImageBackingInfo backing;
        backing.file_name = "[datastore1] a.img";
        drive.backing = std::move(backing);
        drive.connectable.Mut().start_connected = drive.connectable.Mut().connected = true;
    };
    MustReconfig(Change({Add(A<vim::VirtualFloppy>(image))}));
    ASSERT_TRUE(PowerOn(vm));
    auto path = [&] {
        for (const auto& d : Running().disks)
            if (d.key == 8000) return d.path;
        return std::string("no drive");
    };
    EXPECT_EQ(path(), File("a.img"));
    Device drive = Dev(8000);
    drive.Mut().connectable.Mut().connected = false;
    MustReconfig(Change({Of(Operation::kEdit, drive)}));
    EXPECT_EQ(path(), "");
    drive.Mut().connectable.Mut().connected = true;
    MustReconfig(Change({Of(Operation::kEdit, drive)}));
    EXPECT_EQ(path(), File("a.img"));
}

}  // namespace
}  // namespace vm
