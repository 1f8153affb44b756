#include "platform/machine.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "test/platform/recorded.h"

namespace platform {
namespace {

// A two-socket server with DMI, a RAID controller behind a bridge and one linked port.
void RecordServer(Recorded& r) {
    r.File("proc/cpuinfo",
           "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Silver 4210 CPU @ "
           "2.20GHz\nphysical id\t: 0\ncore id\t: 0\n\n"
           "processor\t: 1\nphysical id\t: 1\ncore id\t: 0\n\n");
    r.File("proc/meminfo", "MemTotal: 65970688 kB\nMemAvailable: 60000000 kB\n");
    r.File("proc/stat", "cpu  1 0 0 9 0 0 0 0 0 0\nbtime 1700000000\n");
    r.File("proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
    r.File("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
    r.File("sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
    r.File("sys/class/dmi/id/product_name", "PowerEdge R640\n");
    r.File("sys/class/dmi/id/product_serial", "ABC1234\n");
    r.File("sys/class/dmi/id/product_uuid", "4C4C4544-0051-4D10-8052-B4C04F4E3132\n");
    r.File("sys/class/dmi/id/bios_date", "10/05/2022\n");
    r.File("sys/devices/system/node/node0/cpulist", "0\n");
    r.File("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 32985344 kB\n");
    r.File("sys/devices/system/node/node1/cpulist", "1\n");
    r.File("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 32985344 kB\n");

    const std::string raid = "sys/devices/pci0000:17/0000:17:00.0/0000:18:00.0/";
    r.File(raid + "class", "0x010400\n");
    r.File(raid + "vendor", "0x1000\n");
    r.File(raid + "device", "0x005d\n");
    r.Link(raid + "driver", "sys/bus/pci/drivers/megaraid_sas");
    r.Link("sys/bus/pci/devices/0000:18:00.0", raid);
    const std::string disk = raid + "host0/target0:2:0/0:2:0:0/block/sda/";
    r.File(disk + "size", "1171062784\n");
    r.File(disk + "queue/logical_block_size", "512\n");
    r.File(disk + "queue/rotational", "1\n");
    r.File(raid + "host0/target0:2:0/0:2:0:0/vendor", "DELL    \n");
    r.File(raid + "host0/target0:2:0/0:2:0:0/model", "PERC H730P Mini \n");
    r.Link(disk + "device", raid + "host0/target0:2:0/0:2:0:0");
    r.Link("sys/block/sda", disk);
    r.File("sys/block/loop0/size", "8\n");

    const std::string port = "sys/devices/pci0000:17/0000:17:02.0/0000:19:00.0/";
    r.File(port + "net/eno1/type", "1\n");
    r.File(port + "net/eno1/address", "e4:43:4b:00:00:01\n");
    r.File(port + "net/eno1/carrier", "1\n");
    r.File(port + "net/eno1/speed", "10000\n");
    r.File(port + "net/eno1/duplex", "full\n");
    r.Link(port + "net/eno1/device", port);
    r.Link(port + "driver", "sys/bus/pci/drivers/i40e");
    r.Link("sys/class/net/eno1", port + "net/eno1");
    r.File("sys/class/net/br0/type", "1\n");
    r.File("sys/class/net/br0/address", "e4:43:4b:00:00:01\n");
    r.File("sys/class/net/lo/type", "772\n");
    r.File("usr/share/misc/pci.ids",
           "# list\n1000  Broadcom / LSI\n\t005d  MegaRAID SAS-3 3108 [Invader]\n\t\t1028 1f42  PERC\nC 01  Mass "
           "storage\n");
}

TEST(ReadMachine, ServerWithTwoSockets) {
    Recorded r;
    RecordServer(r);
    const auto m = ReadMachine(r.root());
    EXPECT_EQ(m.board.vendor, "Dell Inc.");
    EXPECT_EQ(m.board.uuid, "4c4c4544-0051-4d10-8052-b4c04f4e3132");
    EXPECT_EQ(base::FormatTime(m.board.bios_date), "2022-10-05T00:00:00.000000Z");
    EXPECT_EQ(m.cpu.packages.size(), 2u);
    EXPECT_EQ(m.cpu.hz, 2'200'000'000);
    EXPECT_EQ(m.memory_bytes, 65970688ll * 1024);
    ASSERT_EQ(m.numa.size(), 2u);
    EXPECT_EQ(m.numa[1].threads, std::vector<int>{1});
    EXPECT_EQ(m.numa[1].memory_bytes, 32985344ll * 1024);
    EXPECT_EQ(m.kernel, "6.1.0-28-amd64");
    EXPECT_EQ(m.os_name, "Debian GNU/Linux 12 (bookworm)");
}

TEST(ReadMachine, DevicesOfTheServer) {
    Recorded r;
    RecordServer(r);
    const auto m = ReadMachine(r.root());
    ASSERT_EQ(m.pci.size(), 1u);
    EXPECT_EQ(m.pci[0].bus, 0x18);
    EXPECT_EQ(m.pci[0].parent, "0000:17:00.0");
    EXPECT_EQ(m.pci[0].vendor_name, "Broadcom / LSI");
    EXPECT_EQ(m.pci[0].device_name, "MegaRAID SAS-3 3108 [Invader]");
    EXPECT_EQ(m.pci[0].driver, "megaraid_sas");
    ASSERT_EQ(m.disks.size(), 1u);
    EXPECT_EQ(m.disks[0].bytes, 1171062784ll * 512);
    EXPECT_EQ(m.disks[0].model, "PERC H730P Mini");
    EXPECT_EQ(m.disks[0].pci, "0000:18:00.0");
    EXPECT_TRUE(m.disks[0].rotational);
    ASSERT_EQ(m.nics.size(), 2u);
    EXPECT_EQ(m.nics[0].name, "eno1");
    EXPECT_TRUE(m.nics[0].physical);
    EXPECT_TRUE(m.nics[0].link);
    EXPECT_EQ(m.nics[0].speed_mb, 10000);
    EXPECT_EQ(m.nics[0].driver, "i40e");
    EXPECT_EQ(m.nics[0].pci, "0000:19:00.0");
    EXPECT_FALSE(m.nics[1].physical);
}

// A micro-VM: no DMI, no NUMA folders, a virtio disk that names a PCI number as vendor.
TEST(ReadMachine, MicroVmSaysLittle) {
    Recorded r;
    r.File("proc/cpuinfo",
           "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2596.138\nflags\t: fpu "
           "hypervisor\n");
    r.File("proc/meminfo", "MemTotal: 2048000 kB\n");
    const std::string disk = "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/";
    r.File(disk + "size", "536870912\n");
    r.File("sys/devices/pci0000:00/0000:00:02.0/virtio1/vendor", "0x1af4\n");
    r.Link(disk + "device", "sys/devices/pci0000:00/0000:00:02.0/virtio1");
    r.Link("sys/block/vda", disk);
    const auto m = ReadMachine(r.root());
    EXPECT_EQ(m.board.vendor, "");
    EXPECT_EQ(m.board.uuid, "");
    ASSERT_EQ(m.numa.size(), 1u);
    EXPECT_EQ(m.numa[0].memory_bytes, 2048000ll * 1024);
    EXPECT_EQ(m.numa[0].threads, std::vector<int>{0});
    ASSERT_EQ(m.disks.size(), 1u);
    EXPECT_EQ(m.disks[0].vendor, "");
    EXPECT_TRUE(m.cpu.virtualised);
}

TEST(ReadMachine, AnEmptyRootStillGivesAMachine) {
    Recorded r;
    const auto m = ReadMachine(r.root());
    EXPECT_EQ(m.cpu.threads, 1);
    EXPECT_EQ(m.numa.size(), 1u);
}

TEST(ReadMachine, ThisOneHasMemoryAndCpuid) {
    const auto m = ReadMachine();
    EXPECT_GT(m.memory_bytes, 0);
    EXPECT_GT(m.cpu.hz, 0);
    EXPECT_GE(m.cpu.threads, m.cpu.cores);
    ASSERT_GE(m.cpu.cpuid.size(), 4u);
    EXPECT_TRUE(m.cpu.cpuid[1].edx & 1);            // every x86 has an FPU
}

TEST(SimMachine, IsAlwaysTheSame) {
    const auto m = SimMachine();
    EXPECT_EQ(m.cpu.packages.size(), 2u);
    EXPECT_EQ(m.board.uuid, SimMachine().board.uuid);
    EXPECT_EQ(m.numa[0].memory_bytes + m.numa[1].memory_bytes, m.memory_bytes);
}

}  // namespace
}  // namespace platform
