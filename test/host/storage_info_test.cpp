#include "host/storage_info.h"

#include "test/host/sim_host.h"

namespace host {
namespace {

platform::MachineFacts Disks(std::vector<platform::BlockDevice> disks) {
    auto m = platform::SimMachine();
    m.disks = std::move(disks);
    return m;
}

platform::BlockDevice Disk(const char* name, const char* pci) {
    platform::BlockDevice d;
    d.name = name;
    d.pci = pci;
    d.bytes = 1 << 30;
    return d;
}

TEST(UnitOfDevice, TheLongestNameDecides) {
    const auto m = Disks({Disk("sda", "0000:02:00.0"), Disk("sdaa", "0000:02:00.0"), Disk("nvme0n1", "0000:05:00.0")});
    struct Row {
        const char *device, *unit;
    };
    for (const Row& row : {Row{"/dev/sda1", "mpx.vmhba0:C0:T0:L0"}, Row{"/dev/sdaa1", "mpx.vmhba0:C0:T1:L0"},
                           Row{"/dev/nvme0n1p2", "mpx.vmhba1:C0:T0:L0"}, Row{"tmpfs", "mpx.vmhba0:C0:T0:L0"},
                           Row{"", "mpx.vmhba0:C0:T0:L0"}})
        EXPECT_EQ(UnitOfDevice(m, row.device), row.unit) << row.device;
    EXPECT_EQ(UnitOfDevice(Disks({}), "/dev/sda"), "mpx.vmhba0:C0:T0:L0");
}

TEST(StorageDevices, EachDiskHasALunATargetAndAPath) {
    const auto info = StorageDevices(platform::SimMachine());
    ASSERT_EQ(info->host_bus_adapter.size(), 1u);
    EXPECT_EQ(info->host_bus_adapter[0]->device, "vmhba0");
    ASSERT_EQ(info->scsi_lun.size(), 1u);
    const auto* disk = info->scsi_lun[0].As<vim::HostScsiDisk>();
    ASSERT_TRUE(disk);
    EXPECT_EQ(disk->capacity->block * disk->capacity->block_size, 4'000'000'000'000);
    EXPECT_EQ(info->scsi_topology->adapter[0]->target[0]->lun[0]->scsi_lun, *disk->key);
    EXPECT_EQ(info->multipath_info->lun[0]->lun, *disk->key);
    EXPECT_EQ(PathStates(*info)->path.size(), 1u);
}

TEST(StorageDevices, ACdromIsNoDisk) {
    auto drive = Disk("sr0", "0000:02:00.0");
    drive.cdrom = true;
    const auto info = StorageDevices(Disks({drive}));
    ASSERT_EQ(info->scsi_lun.size(), 1u);
    EXPECT_FALSE(info->scsi_lun[0].As<vim::HostScsiDisk>());
    EXPECT_EQ(info->scsi_lun[0]->lun_type, "cdrom");
}

TEST(StorageDevices, ARescanShowsANewDiskInBothPlaces) {
    SimHost sim;
    auto machine = platform::SimMachine();
    machine.disks.push_back(Disk("sdb", "0000:02:00.0"));
    sim.Edit([&](auto& edit) { RefreshStorageDevices(edit, machine); });
    EXPECT_EQ(sim.host().config->storage_device->scsi_lun.size(), 2u);
    EXPECT_EQ(sim.Get<vim::HostStorageSystem>(StorageSystemRef())->storage_device_info.get(),
              sim.host().config->storage_device.get());
    const auto before = sim.inventory.version();
    int changes = 0;
    sim.Edit([&](auto& edit) { RefreshStorageDevices(edit, machine); });
    EXPECT_TRUE(sim.inventory.Since(before, [&](const inventory::Change&) { ++changes; }));
    EXPECT_EQ(changes, 0) << "a rescan that finds nothing new wakes nobody";
}

TEST(StorageDevices, NoDisksNoUnits) {
    auto m = Disks({});
    m.pci.clear();
    const auto info = StorageDevices(m);
    EXPECT_TRUE(info->host_bus_adapter.empty());
    EXPECT_TRUE(info->scsi_lun.empty());
}

}  // namespace
}  // namespace host
