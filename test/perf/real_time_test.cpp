// The hour in memory.
#include "perf/real_time.h"

#include <gtest/gtest.h>

#include "perf/counters.h"
#include "vim/gen/vm.h"

namespace perf {
namespace {

const vim::Ref kVm{&vim::VirtualMachine::kType, "7"};

base::Time At(int sample) { return base::Time(std::chrono::seconds(1'700'000'000 + sample * kRealTime)); }

struct RealTimeTest : testing::Test {
    void Fill(int from, int to) {
        for (int i = from; i < to; ++i) samples.Put(kVm, At(i), {{kCpuUsage, "", i}, {kCpuReady, "0", 2 * i}});
    }
    RealTime samples;
};

TEST_F(RealTimeTest, KeepsTheLastHour) {
    Fill(0, 200);
    Samples all = samples.Read(kVm, {}, base::Time::max(), 0, {});
    ASSERT_EQ(all.times.size(), std::size_t(kRealTimeSamples));
    EXPECT_EQ(all.times.front(), At(20));
    EXPECT_EQ(all.times.back(), At(199));
    ASSERT_EQ(all.series.size(), 2u);
    EXPECT_EQ(all.series[0].values.front(), 20);
    EXPECT_EQ(all.series[1].values.back(), 398);
}

TEST_F(RealTimeTest, TheStartIsExclusiveAndTheEndInclusive) {
    Fill(0, 10);
    Samples some = samples.Read(kVm, At(3), At(6), 0, {});
    EXPECT_EQ(some.times, (std::vector{At(4), At(5), At(6)}));
    some = samples.Read(kVm, At(3), At(6), 2, {});       // the newest two of those
    EXPECT_EQ(some.times, (std::vector{At(5), At(6)}));
    EXPECT_TRUE(samples.Read(kVm, At(9), At(20), 0, {}).times.empty());
}

TEST_F(RealTimeTest, InstancesAreChosenByName) {
    samples.Put(kVm, At(0), {{kCpuReady, "", 3}, {kCpuReady, "0", 1}, {kCpuReady, "1", 2}, {kCpuUsage, "", 9}});
    struct Row {
        std::vector<Wanted> wanted;
        std::size_t series;
    };
    for (const Row& row :
         {Row{{}, 4}, Row{{{kCpuReady, ""}}, 1}, Row{{{kCpuReady, "1"}}, 1}, Row{{{kCpuReady, "*"}}, 3},
          Row{{{kCpuReady, ""}, {kCpuReady, "*"}}, 3}, Row{{{kCpuWait, ""}}, 0}})
        EXPECT_EQ(samples.Read(kVm, {}, At(0), 0, row.wanted).series.size(), row.series);
}

TEST_F(RealTimeTest, SaysWhereAValueIsMissing) {
    samples.Put(kVm, At(0), {{kCpuUsage, "", 1}});
    samples.Put(kVm, At(1), {{kCpuUsage, "", 2}, {kDiskRead, "", 5}});
    samples.Put(kVm, At(2), {{kDiskRead, "", 6}});
    Samples all = samples.Read(kVm, {}, At(2), 0, {});
    ASSERT_EQ(all.series.size(), 2u);
    EXPECT_EQ(all.series[0].values, (std::vector<std::int64_t>{1, 2, -1}));
    EXPECT_EQ(all.series[1].values, (std::vector<std::int64_t>{-1, 5, 6}));
}

TEST_F(RealTimeTest, AValueOfAnHourAgoIsNotTakenForANewOne) {
    samples.Put(kVm, At(0), {{kDiskRead, "", 5}, {kCpuUsage, "", 1}});
    Fill(1, kRealTimeSamples + 1);                       // the slot of sample 0 is used again
    for (const Series& s : samples.Read(kVm, {}, base::Time::max(), 0, {}).series) EXPECT_NE(s.counter, kDiskRead);
}

TEST_F(RealTimeTest, BeginsAnewWhenTheClockIsSetBack) {
    Fill(100, 110);
    samples.Put(kVm, At(50), {{kCpuUsage, "", 7}});
    EXPECT_EQ(samples.Read(kVm, {}, base::Time::max(), 0, {}).times, std::vector{At(50)});
    samples.Put(kVm, At(50), {{kCpuUsage, "", 8}});      // the same time twice: the first counts
    EXPECT_EQ(samples.Read(kVm, {}, base::Time::max(), 0, {}).series[0].values.back(), 7);
}

TEST_F(RealTimeTest, ForgetsWhoHasNoSamplesAnyMore) {
    Fill(0, 3);
    samples.DropBefore(At(2));
    EXPECT_EQ(samples.Entities().size(), 1u);
    samples.DropBefore(At(3));
    EXPECT_TRUE(samples.Entities().empty());
}

TEST(Counters, HaveNumbersAndNamesOfTheirOwn) {
    std::set<std::string> names;
    int last = 0;
    for (const CounterRow& row : AllCounters()) {
        EXPECT_GT(row.key, last);
        last = row.key;
        std::string name(row.group);
        name += "." + std::string(row.name) + "." + std::string(vim::Name(row.rollup));
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_EQ(FindCounter(row.key), &row);
        EXPECT_GE(row.device_level, 1);
    }
    EXPECT_TRUE(names.contains("cpu.ready.summation"));
    EXPECT_TRUE(names.contains("virtualDisk.totalWriteLatency.average"));
    EXPECT_FALSE(FindCounter(2));
    EXPECT_EQ(PerfCounters().size(), names.size());
}

}  // namespace
}  // namespace perf
