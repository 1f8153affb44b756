#include "platform/activity.h"

#include <gtest/gtest.h>

#include "test/platform/recorded.h"

namespace platform {
namespace {

TEST(Activity, ReadsWhatTheKernelCounts) {
    Recorded r;
    r.File("proc/stat", "cpu  100 0 50 850 0 0 0 0\ncpu0 60 0 20 420 0 0 0 0\ncpu1 40 0 30 430 0 0 0 0\nintr 7\n");
    r.File("proc/meminfo", "MemTotal: 4096 kB\nMemAvailable: 2048 kB\nSwapTotal: 100 kB\nSwapFree: 60 kB\n");
    r.File("proc/vmstat", "pgpgin 9\npswpin 3\npswpout 4\n");
    r.File("proc/diskstats", " 8 0 sda 10 1 80 7 20 2 160 9 0 5 16 0 0 0 0\n 8 1 short 1\n");
    r.File("proc/net/dev", "Inter-|   Receive\n face |bytes\n  eth0: 1000 10 1 2 0 0 0 0 500 5 3 4 0 0 0 0\n");
    r.File("sys/class/powercap/intel-rapl:0/energy_uj", "500\n");
    r.File("sys/class/powercap/intel-rapl:1/energy_uj", "70\n");
    r.File("sys/class/powercap/intel-rapl:0:0/energy_uj", "400\n");      // a part of the first
    Activity a = ReadActivity(r.root());
    ASSERT_EQ(a.cpus.size(), 2u);
    EXPECT_EQ(a.all.busy, 150u);
    EXPECT_EQ(a.cpus[1].busy, 70u);
    EXPECT_EQ(a.cpus[1].total, 500u);
    EXPECT_EQ(a.swap_used, 40 * 1024);
    EXPECT_EQ(a.swapping.out_pages, 4);
    ASSERT_EQ(a.disks.size(), 1u);
    EXPECT_EQ(a.disks[0].name, "sda");
    EXPECT_EQ(a.disks[0].read_bytes, 80 * 512);
    EXPECT_EQ(a.disks[0].writes, 20);
    EXPECT_EQ(a.disks[0].write_ms, 9);
    ASSERT_EQ(a.nics.size(), 1u);
    EXPECT_EQ(a.nics[0].rx_dropped, 2);
    EXPECT_EQ(a.nics[0].tx_bytes, 500);
    EXPECT_EQ(a.nics[0].tx_errors, 3);
    EXPECT_EQ(a.energy_uj, 570);
}

TEST(Activity, OfAMachineThatSaysNothingIsEmpty) {
    Recorded r;
    Activity a = ReadActivity(r.root());
    EXPECT_TRUE(a.cpus.empty() && a.disks.empty() && a.nics.empty());
    EXPECT_FALSE(a.energy_uj);
}

TEST(Activity, OfTheSimulatedMachineOnlyGrows) {
    auto m = SimMachine();
    Activity before = SimActivity(m, {});
    for (int minute = 1; minute < 60; ++minute) {
        Activity now = SimActivity(m, std::chrono::minutes(minute));
        EXPECT_GT(now.all.busy, before.all.busy);
        EXPECT_LT(now.all.busy - before.all.busy, now.all.total - before.all.total);
        EXPECT_GE(now.disks[0].reads, before.disks[0].reads);
        EXPECT_GE(now.nics[0].rx_bytes, before.nics[0].rx_bytes);
        before = std::move(now);
    }
}

}  // namespace
}  // namespace platform
