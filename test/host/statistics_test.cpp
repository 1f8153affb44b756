// The host's own counters.
#include "host/statistics.h"

#include "perf/counters.h"
#include "test/host/sim_host.h"

namespace host {
namespace {

using namespace std::chrono_literals;

struct HostStatistics : testing::Test {
    std::int64_t Value(int counter, std::string_view instance) {
        for (const auto& r : HostReadings(machine, now, &before, 20s, 77))
            if (r.counter == counter && r.instance == instance) return r.value;
        return -7;
    }
    platform::MachineFacts machine = platform::SimMachine();
    platform::Activity before, now;
};

TEST_F(HostStatistics, SayWhatTheMachineDid) {
    before.all = {1000, 10'000}, now.all = {1500, 12'000};
    before.cpus = {{500, 5000}, {500, 5000}}, now.cpus = {{1000, 6000}, {500, 6000}};
    now.memory = {256ll << 30, 192ll << 30};
    before.disks = {{.name = "sda"}, {.name = "sda1"}};
    now.disks = {{.name = "sda", .reads = 100, .read_bytes = 20 << 20, .read_ms = 300}, {.name = "sda1", .reads = 100}};
    before.nics = {{.name = "eth0"}, {.name = "lo"}};
    now.nics = {{.name = "eth0", .rx_bytes = 20 << 20, .tx_packets = 7}, {.name = "lo", .rx_bytes = 1 << 30}};
    before.energy_uj = 1'000'000, now.energy_uj = 2'001'000'000;
    EXPECT_EQ(Value(perf::kCpuUsage, ""), 2500);
    EXPECT_EQ(Value(perf::kCpuUsageMhz, ""), 7500);      // of 12 cores of 2500 MHz
    EXPECT_EQ(Value(perf::kCpuUsed, "0"), 10'000);
    EXPECT_EQ(Value(perf::kCpuIdle, "1"), 20'000);
    EXPECT_EQ(Value(perf::kMemUsage, ""), 2500);
    EXPECT_EQ(Value(perf::kDiskRead, "mpx.vmhba0:C0:T0:L0"), 1024);
    EXPECT_EQ(Value(perf::kDiskReads, ""), 5);           // a partition is not counted again
    EXPECT_EQ(Value(perf::kDiskMaxLatency, ""), 3);
    EXPECT_EQ(Value(perf::kNetReceived, ""), 1024);      // nor what stays within the machine
    EXPECT_EQ(Value(perf::kNetPacketsTx, "eth0"), 7);
    EXPECT_EQ(Value(perf::kPower, ""), 100);
    EXPECT_EQ(Value(perf::kSysUptime, ""), 77);
}

TEST_F(HostStatistics, TheFirstLookHasNoRates) {
    for (const auto& r : HostReadings(machine, now, nullptr, 20s, 77)) {
        ASSERT_TRUE(perf::FindCounter(r.counter));
        EXPECT_EQ(perf::FindCounter(r.counter)->stats, vim::PerfStatsType::kAbsolute);
    }
}

TEST_F(HostStatistics, OfTheSimulatedMachineMove) {
    before = platform::SimActivity(machine, 100s);
    now = platform::SimActivity(machine, 120s);
    EXPECT_GT(Value(perf::kCpuUsage, ""), 0);
    EXPECT_GT(Value(perf::kNetUsage, ""), 0);
    EXPECT_GT(Value(perf::kPower, ""), 0);
}

}  // namespace
}  // namespace host
