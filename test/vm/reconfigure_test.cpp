#include "test/vm/one_host.h"

namespace vm {
namespace {

using Operation = vim::VirtualDeviceConfigSpecOperation;

struct ReconfigureTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));
    Device Dev(int key) {
        for (const Device& d : Get(vm).config->hardware->device)
            if (d->key == key) return d;
        return {};
    }
    static vim::Ptr<vim::VirtualDeviceConfigSpec> Edit(Device device) {
        vim::VirtualDeviceConfigSpec spec;
        spec.operation = Operation::kEdit;
        spec.device = std::move(device);
        return spec;
    }
    static vim::Ptr<vim::VirtualDeviceConfigSpec> Remove(Device device, bool destroy = false) {
        vim::VirtualDeviceConfigSpec spec;
        spec.operation = Operation::kRemove;
        if (destroy) spec.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kDestroy;
        spec.device = std::move(device);
        return spec;
    }
    static vim::Ptr<vim::OptionValue> Extra(std::string key, std::string value) {
        vim::OptionValue o;
        o.key = std::move(key);
        o.value = std::move(value);
        return o;
    }
    Spec Change(std::initializer_list<vim::Ptr<vim::VirtualDeviceConfigSpec>> devices) {
        Spec spec;
        spec.device_change = devices;
        return spec;
    }
};

TEST_F(ReconfigureTest, ChangesWhatItSaysAndKeepsItOverARestart) {
    Spec spec;
    spec.name = "web two";
    spec.annotation = "line one\nline \"two\"";
    spec.num_cp_us = 4;
    spec.num_cores_per_socket = 2;
    spec.memory_mb = 512;
    spec.guest_id = "ubuntu64Guest";
    spec.uuid = "564d1111-2222-3333-4444-555555555555";
    spec.firmware = "efi";
    spec.extra_config = {Extra("guestinfo.role", "web"), Extra("disk.EnableUUID", "TRUE")};
    spec.cpu_allocation.Mut().limit = 1000;
    spec.cpu_allocation.Mut().reservation = 500;
    vim::SharesInfo shares;
    shares.level = vim::SharesLevel::kHigh;
    spec.memory_allocation.Mut().shares = shares;
    spec.boot_options.Mut().boot_delay = 3000;
    ASSERT_TRUE(Reconfig(vm, spec));
    auto check = [&] {
        const Config& c = *Get(vm).config;
        EXPECT_EQ(Get(vm).name, "web two");
        EXPECT_EQ(c.annotation, spec.annotation);
        EXPECT_EQ(c.hardware->num_cpu, 4);
        EXPECT_EQ(c.hardware->num_cores_per_socket, 2);
        EXPECT_EQ(c.hardware->memory_mb, 512);
        EXPECT_EQ(c.guest_full_name, "Ubuntu Linux (64-bit)");
        EXPECT_EQ(c.uuid, spec.uuid);
        EXPECT_EQ(c.firmware, "efi");
        ASSERT_TRUE(ExtraConfig(c, "guestinfo.role"));
        EXPECT_EQ(*ExtraConfig(c, "guestinfo.role"), "web");
        EXPECT_EQ(c.flags->disk_uuid_enabled, true);
        EXPECT_EQ(c.cpu_allocation->limit, 1000);
        EXPECT_EQ(c.memory_allocation->shares->shares, 512 * 20);
        EXPECT_EQ(c.boot_options->boot_delay, 3000);
        EXPECT_EQ(Get(vm).summary->config->memory_size_mb, 512);
    };
    check();
    EXPECT_TRUE(life->events.Heard(vim::VmReconfiguredEvent::kType));
    EXPECT_TRUE(life->events.Heard(vim::VmRenamedEvent::kType));
    Restart();
    check();
}

TEST_F(ReconfigureTest, AddsGrowsAndRemovesDisks) {
    ASSERT_TRUE(Reconfig(vm, Change({Add(Disk(2048, 1000), true)})));
    ASSERT_TRUE(Dev(2001));
    EXPECT_TRUE(Exists("web/web_1-flat.vmdk"));
    Device larger = Dev(2001);
    static_cast<vim::VirtualDisk&>(larger.Mut()).capacity_in_kb = 4096;
    static_cast<vim::VirtualDisk&>(larger.Mut()).capacity_in_bytes = std::nullopt;
    ASSERT_TRUE(Reconfig(vm, Change({Edit(larger)})));
    EXPECT_EQ(std::filesystem::file_size(File("web/web_1-flat.vmdk")), 4096u * 1024);
    EXPECT_EQ(dynamic_cast<const vim::VirtualDisk*>(Dev(2001).get())->capacity_in_kb, 4096);
    Device smaller = Dev(2001);
    static_cast<vim::VirtualDisk&>(smaller.Mut()).capacity_in_kb = 1024;
    static_cast<vim::VirtualDisk&>(smaller.Mut()).capacity_in_bytes = std::nullopt;
    EXPECT_FALSE(Reconfig(vm, Change({Edit(smaller)})));
    ASSERT_TRUE(Reconfig(vm, Change({Remove(Dev(2001))})));
    EXPECT_TRUE(Exists("web/web_1.vmdk")) << "removed from the VM, not from the datastore";
    ASSERT_TRUE(Reconfig(vm, Change({Add(Disk(0, 1000, {}, "[datastore1] web/web_1.vmdk"))})));
    EXPECT_EQ(dynamic_cast<const vim::VirtualDisk*>(Dev(2001).get())->capacity_in_kb, 4096);
    ASSERT_TRUE(Reconfig(vm, Change({Remove(Dev(2001), true)})));
    EXPECT_FALSE(Exists("web/web_1.vmdk"));
    EXPECT_FALSE(Exists("web/web_1-flat.vmdk"));
}

// What file names the disks of the VM have.
static std::set<std::string> DiskNames(const Vm& vm) {
    std::set<std::string> out;
    for (const Device& d : vm.config->hardware->device)
        if (auto* file = d->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()) out.insert(file->file_name);
    return out;
}
using Names = std::set<std::string>;

TEST_F(ReconfigureTest, NamesADiskAsNoFileOfASnapshot) {
    auto call = On<vim::call::CreateSnapshot>(vm);
    call.name = "first";
    ASSERT_TRUE(life->Do(vms().snapshots.Create(std::move(call), "root")));
    auto added = Reconfig(vm, Change({Add(Disk(1024, 1000), true), Add(Disk(1024, 1000), true)}));
    ASSERT_TRUE(added) << added.error().message();
    EXPECT_EQ(DiskNames(Get(vm)), (Names{"[datastore1] web/web-000001.vmdk", "[datastore1] web/web_1.vmdk",
                                         "[datastore1] web/web_2.vmdk"}));
}

TEST_F(ReconfigureTest, NamesADiskAsNoneThatTheSameCallHas) {
    auto both = Reconfig(vm, Change({Remove(Dev(2000), true), Add(Disk(2048, 1000), true),
                                     Add(Disk(1024, 1000, {}, "[datastore1] web/web_1.vmdk"), true)}));
    ASSERT_TRUE(both) << both.error().message();
    EXPECT_EQ(DiskNames(Get(vm)), (Names{"[datastore1] web/web_1.vmdk", "[datastore1] web/web_2.vmdk"}));
    EXPECT_FALSE(Exists("web/web.vmdk"));
    Write("web/web-flat.vmdk", "of nobody");
    ASSERT_TRUE(Reconfig(vm, Change({Add(Disk(1024, 1000), true)})));
    EXPECT_TRUE(DiskNames(Get(vm)).contains("[datastore1] web/web_3.vmdk"));
}

TEST_F(ReconfigureTest, ChangesMediaAndLinksOfARunningGuest) {
    ASSERT_TRUE(Reconfig(vm, Change({Add(Cdrom())})));
    Write("iso/boot.iso", "iso");
    ASSERT_TRUE(PowerOn(vm));
    Device cd = Dev(3002);
    vim::VirtualCdromIsoBackingInfo backing;
    backing.file_name = "[datastore1] iso/boot.iso";
    cd.Mut().backing = backing;
    cd.Mut().connectable.Mut().connected = true;
    cd.Mut().connectable.Mut().start_connected = true;
    auto changed = Reconfig(vm, Change({Edit(cd)}));
    ASSERT_TRUE(changed) << changed.error().message();
    const auto& spec = world->Find(vm.id)->spec;
    ASSERT_EQ(spec.disks.front().key, 3002);
    EXPECT_EQ(spec.disks.front().path, File("iso/boot.iso"));
    EXPECT_TRUE(Dev(3002)->connectable->connected);
    EXPECT_EQ(Dev(3002)->device_info->summary, "ISO [datastore1] iso/boot.iso");
    Device nic = Dev(4000);
    nic.Mut().connectable.Mut().connected = false;
    ASSERT_TRUE(Reconfig(vm, Change({Edit(nic)})));
    EXPECT_FALSE(world->Find(vm.id)->spec.nics.front().connected);
    EXPECT_FALSE(Dev(4000)->connectable->connected);
}

TEST_F(ReconfigureTest, KeepsItsMediumWhenTheNewOneIsNone) {
    Write("iso/boot.iso", "iso");
    ASSERT_TRUE(Reconfig(vm, Change({Add(Cdrom("[datastore1] iso/boot.iso"))})));
    auto with = [&](std::string file) {
        Device cd = Dev(3002);
        vim::VirtualCdromIsoBackingInfo backing;
        backing.file_name = std::move(file);
        cd.Mut().backing = backing;
        cd.Mut().connectable.Mut().connected = cd.Mut().connectable.Mut().start_connected = true;
        return Change({Edit(cd)});
    };
    auto name = [&] { return Dev(3002)->backing.As<vim::VirtualCdromIsoBackingInfo>()->file_name; };
    for (bool running : {false, true}) {
        if (running) ASSERT_TRUE(PowerOn(vm));
        for (const char* file : {"[datastore1] iso", "[datastore1] iso/none.iso"}) {
            auto done = Reconfig(vm, with(file));
            ASSERT_FALSE(done) << file;
            EXPECT_TRUE(done.error().As<vim::FileNotFound>()) << done.error().message();
        }
        EXPECT_EQ(name(), "[datastore1] iso/boot.iso");
    }
    Write("iso/other.iso", "other");
    world->script.Fails(backend::sim::Op::kChangeMedium, vm.id, base::Error{base::Code::kIo, "locked by the guest"});
    auto done = Reconfig(vm, with("[datastore1] iso/other.iso"));
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find("locked by the guest"), std::string::npos);
    EXPECT_EQ(name(), "[datastore1] iso/boot.iso");
    Restart();
    EXPECT_EQ(name(), "[datastore1] iso/boot.iso");
}

TEST_F(ReconfigureTest, MovesADiskWithThePowerOff) {
    auto moved = [&](int controller, int unit) {
        Device disk = Dev(Dev(2000) ? 2000 : 2003);
        disk.Mut().controller_key = controller;
        disk.Mut().unit_number = unit;
        return Change({Edit(disk)});
    };
    auto done = Reconfig(vm, moved(1000, 3));
    ASSERT_TRUE(done) << done.error().message();
    auto check = [&] {
        EXPECT_FALSE(Dev(2000));
        ASSERT_TRUE(Dev(2003));
        EXPECT_EQ(Dev(2003)->unit_number, 3);
        EXPECT_EQ(Text("web/web.vmx").find("scsi0:0.fileName"), std::string::npos) << Text("web/web.vmx");
    };
    check();
    Restart();
    check();
    ASSERT_TRUE(Reconfig(vm, Change({Add(Disk(1024, 1000, 4), true)})));
    for (auto [controller, unit] : {std::pair(1000, 7), {1000, 4}, {1001, 0}, {1000, 99}})
        EXPECT_FALSE(Reconfig(vm, moved(controller, unit))) << controller << ':' << unit;
    ASSERT_TRUE(PowerOn(vm));
    auto running = Reconfig(vm, moved(1000, 5));
    ASSERT_FALSE(running);
    EXPECT_TRUE(running.error().As<vim::InvalidPowerState>()) << running.error().message();
    check();
}

TEST_F(ReconfigureTest, LocksTheReservationToAllMemory) {
    Spec spec;
    spec.memory_reservation_locked_to_max = true;
    auto done = Reconfig(vm, spec);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(Get(vm).config->memory_allocation->reservation, 256);
    Spec more;
    more.memory_mb = 512;
    more.memory_allocation.Mut().reservation = 0;
    ASSERT_TRUE(Reconfig(vm, more));
    EXPECT_EQ(Get(vm).config->memory_allocation->reservation, 512);
    Spec limit;
    limit.memory_allocation.Mut().limit = 100;
    EXPECT_FALSE(Reconfig(vm, limit));
    Restart();
    EXPECT_EQ(Get(vm).config->memory_allocation->reservation, 512);
}

TEST_F(ReconfigureTest, NoticesThatSomebodyElseChangedIt) {
    Spec spec;
    spec.change_version = Get(vm).config->change_version;
    spec.annotation = "first";
    ASSERT_TRUE(Reconfig(vm, spec));
    spec.annotation = "second";
    auto done = Reconfig(vm, spec);
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().As<vim::ConcurrentAccess>());
    EXPECT_EQ(Get(vm).config->annotation, "first");
}

TEST_F(ReconfigureTest, AsksForThePrivilegeOfEachPart) {
    struct Part {
        const char* privilege;
        Spec spec;
    };
    Spec name, memory, cpu, extra, allocation, note;
    name.name = "other";
    memory.memory_mb = 512;
    cpu.num_cp_us = 2;
    extra.extra_config = {Extra("guestinfo.a", "b")};
    allocation.cpu_allocation.Mut().limit = 100;
    note.annotation = "x";
    for (const Part& part :
         {Part{"VirtualMachine.Config.Rename", name}, Part{"VirtualMachine.Config.Memory", memory},
          Part{"VirtualMachine.Config.CPUCount", cpu}, Part{"VirtualMachine.Config.AdvancedConfig", extra},
          Part{"VirtualMachine.Config.Resource", allocation}, Part{"VirtualMachine.Config.Settings", note},
          Part{"VirtualMachine.Config.AddNewDisk", Change({Add(Disk(1024, 1000), true)})},
          Part{"VirtualMachine.Config.RemoveDisk", Change({Remove(Dev(2000))})},
          Part{"VirtualMachine.Config.AddRemoveDevice", Change({Add(Nic())})},
          Part{"Network.Assign", Change({Add(Nic())})},
          Part{"Datastore.AllocateSpace", Change({Add(Disk(1024, 1000, {}, "[datastore1] web/n.vmdk"), true)})}}) {
        life->permit.refuse = part.privilege;
        auto done = Reconfig(vm, part.spec);
        ASSERT_FALSE(done) << part.privilege;
        EXPECT_TRUE(done.error().As<vim::NoPermission>()) << part.privilege << ": " << done.error().message();
    }
}

TEST_F(ReconfigureTest, LeavesNothingOfARefusedDisk) {
    std::set<std::string> before = Files();
    auto done =
        Reconfig(vm, Change({Add(Disk(1024, 1000), true), Add(Disk(0, 1000, {}, "[datastore1] web/none.vmdk"))}));
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().As<vim::FileNotFound>());
    EXPECT_EQ(Files(), before);
    EXPECT_FALSE(Dev(2001));
}

TEST_F(ReconfigureTest, BootsAKernelOfTheDatastore) {
    Write("boot/vmlinuz", "kernel");
    Spec spec;
    spec.extra_config = {Extra("bedplate.boot.kernel", "[datastore1] boot/vmlinuz"),
                         Extra("bedplate.boot.cmdline", "console=ttyS0")};
    ASSERT_TRUE(Reconfig(vm, spec));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(world->Find(vm.id)->spec.kernel, File("boot/vmlinuz"));
    EXPECT_EQ(world->Find(vm.id)->spec.command_line, "console=ttyS0");
    ASSERT_TRUE(PowerOff(vm));
    spec.extra_config = {Extra("bedplate.boot.kernel", "[datastore1] ../../etc/shadow")};
    ASSERT_TRUE(Reconfig(vm, spec));
    EXPECT_FALSE(PowerOn(vm));
}

}  // namespace
}  // namespace vm
