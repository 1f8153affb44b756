// What the kernel and QEMU say of one VM's use.
#include <gtest/gtest.h>
#include <unistd.h>

#include "backend/qemu/process_usage.h"
#include "backend/qemu/qmp/replies.h"

namespace backend::qemu {
namespace {

TEST(ProcessUsage, ReadsTheTimesBehindAnyName) {
    auto stat =
        ParseStat("77 (a) b) ) S 1 77 77 0 -1 4194560 12 0 0 0 150 50 0 0 20 0 9 0 100 999 321 18446744073709551615");
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->cpu_ticks, 200);
    EXPECT_EQ(stat->resident_pages, 321);
    EXPECT_FALSE(ParseStat("77 (qemu"));
    EXPECT_FALSE(ParseStat("77 (qemu) S 1"));
}

TEST(ProcessUsage, ReadsWhatAProcessorRanAndWaited) {
    auto usage = ParseSchedStat("5000000 2000999 17\n");
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->run_us, 5000);
    EXPECT_EQ(usage->ready_us, 2000);
    for (const char* odd : {"", "1 2", "a b c", "-1 2 3"}) EXPECT_FALSE(ParseSchedStat(odd)) << odd;
}

TEST(ProcessUsage, KnowsTheThreadsThatAreProcessors) {
    EXPECT_EQ(VcpuOfThread("CPU 0/KVM"), 0);
    EXPECT_EQ(VcpuOfThread("CPU 17/TCG"), 17);
    for (const char* other : {"qemu-system-x86", "CPU", "CPU x/KVM", "CPU 1", "IO mon_iothread"})
        EXPECT_EQ(VcpuOfThread(other), -1) << other;
}

TEST(ProcessUsage, ReadsMemory) {
    EXPECT_EQ(ParseSwapped("VmRSS:\t 10 kB\nVmSwap:\t     128 kB\nThreads:\t3\n"), 128 * 1024);
    EXPECT_EQ(ParseSwapped("VmRSS:\t 10 kB\n"), 0);
}

TEST(ProcessUsage, ReadsThisProcess) {
    VcpuThreads none;
    auto usage = ReadProcessUsage(getpid(), none);
    ASSERT_TRUE(usage) << usage.error().message;
    EXPECT_GT(usage->resident_bytes, 0);
    EXPECT_TRUE(usage->vcpus.empty());
    EXPECT_EQ(usage->active_bytes, -1);
    EXPECT_FALSE(ReadProcessUsage(0, none));
}

TEST(BlockStats, AreFoundByTheDevice) {
    auto drives = qmp::ParseBlockStats(
        R"([{"device":"","qdev":"dev-2000","node-name":"disk-2000","stats":{"rd_operations":3,"wr_operations":4,
             "rd_bytes":5,"wr_bytes":6,"rd_total_time_ns":7000,"wr_total_time_ns":8000}},
            {"qdev":"/machine/peripheral/dev-2001/virtio-backend","node-name":"x","stats":{"rd_operations":1}},
            {"qdev":"dev-3000","stats":{"rd_operations":9}},
            {"device":"firmware","node-name":"pflash","stats":{"rd_operations":9}}])");
    ASSERT_TRUE(drives);
    ASSERT_EQ(drives->size(), 2u);                       // no medium, no counters; firmware is no disk
    EXPECT_EQ((*drives)[0].key, 2000);
    EXPECT_EQ((*drives)[0].write_bytes, 6);
    EXPECT_EQ((*drives)[0].write_ns, 8000);
    EXPECT_EQ((*drives)[1].key, 2001);
    EXPECT_EQ((*drives)[1].reads, 1);
    EXPECT_FALSE(qmp::ParseBlockStats("{}"));
}

}  // namespace
}  // namespace backend::qemu
