// From two looks at a VM to its counters.
#include "vm/readings.h"

#include <gtest/gtest.h>

#include "perf/counters.h"

namespace vm {
namespace {

using namespace std::chrono_literals;
using backend::Usage;

struct ReadingsTest : testing::Test {
    ReadingsTest() {
        before.vcpus = {{}, {}};
        now.cpu_us = 21'000'000;                         // of 40 s that two processors had
        now.vcpus = {{10'000'000, 2'000'000}, {10'000'000, 0}};
        now.resident_bytes = 600ll << 20;
        now.active_bytes = 128ll << 20;
        before.disks = {{.key = 2000}, {.key = 2001}};
        now.disks = {{.key = 2000,
                      .reads = 200,
                      .writes = 400,
                      .read_bytes = 20 << 20,
                      .write_bytes = 40 << 20,
                      .read_us = 1'000'000,
                      .write_us = 4'000'000},
                     {.key = 2001, .reads = 20, .read_us = 400'000}};
    }
    std::int64_t Value(int counter, std::string_view instance, base::Duration passed = 20s) {
        for (const auto& r : ReadingsOf(now, &before, passed, sizes, places))
            if (r.counter == counter && r.instance == instance) return r.value;
        return -7;
    }
    Usage now, before;
    Sizes sizes{.core_mhz = 2000, .cpus = 2, .memory_kb = 512 << 10, .uptime_seconds = 77};
    std::vector<DiskPlace> places{{2000, "scsi0:0", "ds1"}, {2001, "scsi0:1", "ds1"}};
};

TEST_F(ReadingsTest, Processors) {
    EXPECT_EQ(Value(perf::kCpuUsage, ""), 5250);         // hundredths of a percent
    EXPECT_EQ(Value(perf::kCpuUsageMhz, ""), 2100);
    EXPECT_EQ(Value(perf::kCpuUsageMhz, "0"), 1000);
    EXPECT_EQ(Value(perf::kCpuReady, "0"), 2000);
    EXPECT_EQ(Value(perf::kCpuReady, ""), 2000);
    EXPECT_EQ(Value(perf::kCpuReadiness, ""), 500);
    EXPECT_EQ(Value(perf::kCpuIdle, "0"), 8000);
    EXPECT_EQ(Value(perf::kCpuWait, ""), 18'000);
    EXPECT_EQ(Value(perf::kCpuDemand, ""), 2300);
}

TEST_F(ReadingsTest, AdaptersAsLongAsTheyAreCounted) {
    EXPECT_EQ(Value(perf::kNetUsage, ""), -7);
    before.nics = {{.key = 4000, .received_bytes = 1 << 20}};
    now.nics = {{.key = 4000, .received_bytes = 21 << 20, .sent_packets = 40}, {.key = 4001, .received_bytes = 7}};
    EXPECT_EQ(Value(perf::kNetReceived, "4000"), 1024);
    EXPECT_EQ(Value(perf::kNetPacketsTx, "4000"), 40);
    EXPECT_EQ(Value(perf::kNetUsage, ""), 1024);
    EXPECT_EQ(Value(perf::kNetUsage, "4001"), -7) << "it was not there before";
    now.nics[0].received_bytes = INT64_MAX;              // its guest's lie harms its own counters alone
    EXPECT_GT(Value(perf::kNetUsage, ""), 0);
}

TEST_F(ReadingsTest, SumsAreThoseOfOneInterval) {
    EXPECT_EQ(Value(perf::kCpuReady, "0", 40s), 1000);   // twice the time passed
    EXPECT_EQ(Value(perf::kCpuUsageMhz, "", 40s), 1050);
}

TEST_F(ReadingsTest, Memory) {
    EXPECT_EQ(Value(perf::kMemConsumed, ""), 600 << 10);
    EXPECT_EQ(Value(perf::kMemGranted, ""), 512 << 10);
    EXPECT_EQ(Value(perf::kMemOverhead, ""), 88 << 10);
    EXPECT_EQ(Value(perf::kMemActive, ""), 128 << 10);
    EXPECT_EQ(Value(perf::kMemUsage, ""), 2500);
    now.active_bytes = -1;                               // nobody knows: all that is there
    EXPECT_EQ(Value(perf::kMemActive, ""), 512 << 10);
    EXPECT_EQ(Value(perf::kSysUptime, ""), 77);
}

TEST_F(ReadingsTest, Disks) {
    EXPECT_EQ(Value(perf::kVirtualDiskRead, "scsi0:0"), 1024);
    EXPECT_EQ(Value(perf::kVirtualDiskWrites, "scsi0:0"), 20);
    EXPECT_EQ(Value(perf::kVirtualDiskReadLatency, "scsi0:0"), 5);
    EXPECT_EQ(Value(perf::kVirtualDiskWriteLatency, "scsi0:0"), 10);
    EXPECT_EQ(Value(perf::kVirtualDiskReadLatency, "scsi0:1"), 20);
    EXPECT_EQ(Value(perf::kDiskUsage, ""), 3072);
    EXPECT_EQ(Value(perf::kDiskReadCount, ""), 220);
    EXPECT_EQ(Value(perf::kDiskMaxLatency, ""), 20);
    EXPECT_EQ(Value(perf::kDatastoreReads, "ds1"), 11);
    before.disks.pop_back();                             // 2001 was plugged in between: no rate yet
    EXPECT_EQ(Value(perf::kVirtualDiskReads, "scsi0:1"), -7);
}

TEST_F(ReadingsTest, AdaptersThatNobodyCountsHaveNoCounters) {
    EXPECT_EQ(Value(perf::kNetUsage, ""), -7);
    before.nics = {{.key = 4000}};
    now.nics = {{.key = 4000, .received_bytes = 40 << 20, .sent_bytes = 20 << 20, .received_packets = 100}};
    EXPECT_EQ(Value(perf::kNetUsage, "4000"), 3072);
    EXPECT_EQ(Value(perf::kNetPacketsRx, ""), 100);
}

TEST_F(ReadingsTest, TheFirstLookHasNoRates) {
    for (const auto& r : ReadingsOf(now, nullptr, 20s, sizes, places)) {
        const auto* row = perf::FindCounter(r.counter);
        ASSERT_TRUE(row);
        EXPECT_EQ(row->stats, vim::PerfStatsType::kAbsolute) << row->name;
    }
    Quick q = QuickOf(now, nullptr, 20s, sizes);
    EXPECT_EQ(q.cpu_mhz, 0);
    EXPECT_EQ(q.resident_mb, 600);
    q = QuickOf(now, &before, 20s, sizes);
    EXPECT_EQ(q.cpu_mhz, 2100);
    EXPECT_EQ(q.demand_mhz, 2300);
    EXPECT_EQ(q.active_mb, 128);
}

TEST_F(ReadingsTest, EveryCounterOfAReadingIsInTheCatalogue) {
    now.nics = before.nics = {{.key = 4000}};
    for (const auto& r : ReadingsOf(now, &before, 20s, sizes, places)) EXPECT_TRUE(perf::FindCounter(r.counter));
}

}  // namespace
}  // namespace vm
