// Samples from their source to what a client reads, on a clock that the test moves.
#include "perf/recorder.h"

#include <gtest/gtest.h>

#include "perf/counters.h"
#include "rt/loop.h"
#include "rt/run.h"
#include "test/store/temp_folder.h"
#include "vim/gen/storage.h"
#include "vim/gen/vm.h"

namespace perf {
namespace {

using namespace std::chrono_literals;

const vim::Ref kManager{&vim::PerformanceManager::kType, "perf"};
const vim::Ref kVm{&vim::VirtualMachine::kType, "7"};

struct RecorderTest : testing::Test {
    RecorderTest() {
        auto edit = inventory.Begin();
        edit.Add(NewManager(kManager));
        vim::VirtualMachine vm;
        vm.self = kVm;
        edit.Add(std::move(vm));
        edit.Commit();
        Open();
    }
    void Open() {
        recorder.reset();
        auto opened = Recorder::Open({.inventory = inventory,
                                      .pool = pool,
                                      .timer = timer,
                                      .manager = kManager,
                                      .database = root / "performance.db",
                                      .intervals = intervals,
                                      .keep_intervals = [this](std::string text) -> base::Result<> {
                                          intervals = std::move(text);
                                          return {};
                                      }});
        ASSERT_TRUE(opened) << opened.error().message;
        recorder = *std::move(opened);
        recorder->AddSource([this](base::Time at) { return Source(*this, at); });
    }
    static rt::Co<void> Source(RecorderTest& t, base::Time at) {
        ++t.looks;
        if (t.values)
            t.recorder->Put(kVm, at, {{kCpuUsageMhz, "", t.looks}, {kCpuReady, "", 10}, {kSysUptime, "", t.looks}});
        co_return;
    }
    template <class T> T Run(rt::Co<T> work) {
        std::optional<T> out;
        rt::RunToEnd(Into(std::move(work), out));
        return *std::move(out);
    }
    template <class T> static rt::Co<void> Into(rt::Co<T> work, std::optional<T>& out) {
        out.emplace(co_await std::move(work));
    }
    void Sample(base::Time at) { rt::RunToEnd(recorder->TakeSample(at)); }
    // Every 20 s from `from` (exclusive) for so long; the clock goes along.
    void SampleFor(base::Duration time) {
        base::Time end = timer.Now() + time;
        while (timer.Now() < end) {
            timer.Advance(20s);
            Sample(timer.Now());
        }
    }
    vim::PerfQuerySpec Spec(std::optional<int> interval, std::vector<Wanted> wanted = {}) {
        vim::PerfQuerySpec spec;
        spec.entity = kVm;
        spec.interval_id = interval;
        for (const Wanted& w : wanted) {
            vim::PerfMetricId id;
            id.counter_id = w.counter;
            id.instance = w.instance;
            spec.metric_id.push_back(std::move(id));
        }
        return spec;
    }
    auto TryQuery(vim::PerfQuerySpec spec) {
        vim::call::QueryPerf call;
        call.query_spec.push_back(std::move(spec));
        return Run(recorder->Query(std::move(call), [this](const vim::Ref&) { return visible; }));
    }
    vim::Ptr<vim::PerfEntityMetricBase> Query(vim::PerfQuerySpec spec) {
        auto found = TryQuery(std::move(spec));
        EXPECT_TRUE(found) << found.error().message();
        return found && !found->empty() ? found->front() : vim::Ptr<vim::PerfEntityMetricBase>();
    }
    static std::vector<std::int64_t> ValuesOf(const vim::PerfEntityMetric& metric, int counter) {
        for (const auto& series : metric.value)
            if (series->id->counter_id == counter) return series.As<vim::PerfMetricIntSeries>()->value;
        return {};
    }

    TempFolder root;
    inventory::Inventory inventory;
    rt::Pool pool{1};
    rt::VirtualTimer timer;
    std::string intervals;
    std::unique_ptr<Recorder> recorder;
    int looks = 0;
    bool values = true, visible = true;
};

TEST_F(RecorderTest, LooksEveryTwentySecondsAtRoundTimes) {
    bool stopping = false;
    timer.Advance(7s);                                   // an odd moment to start at
    rt::Loop loop;
    loop.Spawn(recorder->Run(stopping));
    loop.Spawn([](RecorderTest& t, bool& stop) -> rt::Co<void> {
        co_await rt::Yield();
        EXPECT_EQ(t.looks, 1);                           // at once
        t.timer.Advance(13s);
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        EXPECT_EQ(t.looks, 2);
        stop = true;
        t.timer.Advance(20s);
    }(*this, stopping));
    loop.Run();
    auto metric = Query(Spec(20));
    ASSERT_TRUE(metric);
    for (const auto& info : metric.As<vim::PerfEntityMetric>()->sample_info) {
        EXPECT_EQ(info->timestamp.time_since_epoch() % 20s, base::Duration::zero());
        EXPECT_EQ(info->interval, 20);
    }
}

TEST_F(RecorderTest, AnswersInNumbersAndInText) {
    SampleFor(60s);
    auto numbers = Query(Spec({}, {{kCpuUsageMhz, ""}}));
    ASSERT_TRUE(numbers);
    EXPECT_EQ(ValuesOf(*numbers.As<vim::PerfEntityMetric>(), kCpuUsageMhz), (std::vector<std::int64_t>{1, 2, 3}));
    auto spec = Spec(20, {{kCpuUsageMhz, ""}});
    spec.format = "csv";
    spec.max_sample = 2;
    auto text = Query(spec);
    ASSERT_TRUE(text);
    const auto* csv = text.As<vim::PerfEntityMetricCSV>();
    ASSERT_TRUE(csv);
    EXPECT_EQ(csv->sample_info_csv, "20,2026-01-01T00:00:40Z,20,2026-01-01T00:01:00Z");
    ASSERT_EQ(csv->value.size(), 1u);
    EXPECT_EQ(csv->value[0].As<vim::PerfMetricSeriesCSV>()->value, "2,3");
}

TEST_F(RecorderTest, RollsUpByTheKindOfCounter) {
    SampleFor(5min);
    auto metric = Query(Spec(300));
    ASSERT_TRUE(metric);
    const auto& five = *metric.As<vim::PerfEntityMetric>();
    ASSERT_EQ(five.sample_info.size(), 1u);
    EXPECT_EQ(five.sample_info[0]->interval, 300);
    EXPECT_EQ(five.sample_info[0]->timestamp, timer.Now());
    EXPECT_EQ(ValuesOf(five, kCpuUsageMhz), std::vector<std::int64_t>{8});     // the mean of 1..15
    EXPECT_EQ(ValuesOf(five, kCpuReady), std::vector<std::int64_t>{150});      // the sum
    EXPECT_EQ(ValuesOf(five, kSysUptime), std::vector<std::int64_t>{15});      // the latest
}

TEST_F(RecorderTest, KeepsLongerIntervalsOverARestart) {
    SampleFor(2h);
    Open();
    for (auto [period, samples] : {std::pair{300, 24}, {1800, 4}, {7200, 1}}) {
        auto metric = Query(Spec(period, {{kCpuReady, ""}}));
        ASSERT_TRUE(metric) << period;
        auto values = ValuesOf(*metric.As<vim::PerfEntityMetric>(), kCpuReady);
        ASSERT_EQ(values.size(), std::size_t(samples)) << period;
        for (auto v : values) EXPECT_EQ(v, period / 20 * 10) << period;
    }
    EXPECT_FALSE(Query(Spec(86'400)));
}

TEST_F(RecorderTest, MakesUpForTheTimeThatItWasNotThere) {
    SampleFor(25min);
    recorder.reset();
    timer.Advance(1h);                                   // over the end of the half hour
    Open();
    auto metric = Query(Spec(1800, {{kCpuReady, ""}}));
    ASSERT_TRUE(metric);
    EXPECT_EQ(ValuesOf(*metric.As<vim::PerfEntityMetric>(), kCpuReady), std::vector<std::int64_t>{25 * 3 * 10});
}

TEST_F(RecorderTest, DropsWhatIsOlderThanItsInterval) {
    SampleFor(5min);
    timer.Advance(24h);
    SampleFor(5min);
    auto metric = Query(Spec(300));
    ASSERT_TRUE(metric);
    EXPECT_EQ(metric.As<vim::PerfEntityMetric>()->sample_info.size(), 1u);
}

TEST_F(RecorderTest, ForgetsAnEntityThatIsGone) {
    SampleFor(5min);
    auto gone = inventory.Begin();
    gone.Remove(kVm);
    gone.Commit();
    values = false;
    SampleFor(5min);
    auto edit = inventory.Begin();
    vim::VirtualMachine again;
    again.self = kVm;
    edit.Add(std::move(again));
    edit.Commit();
    EXPECT_FALSE(Query(Spec(300)));
    EXPECT_FALSE(Query(Spec(20)));
}

TEST_F(RecorderTest, LeavesOutWhatTheCallerMayNotSee) {
    SampleFor(20s);
    visible = false;
    EXPECT_FALSE(Query(Spec(20)));
}

TEST_F(RecorderTest, RefusesWhatMakesNoSense) {
    struct Row {
        const char* property;
        void (*spoil)(vim::PerfQuerySpec&);
    };
    const Row kRows[] = {
        {"interval", [](auto& s) { s.interval_id = 21; }},
        {"querySpec.maxSample", [](auto& s) { s.max_sample = 0; }},
        {"querySpec.format", [](auto& s) { s.format = "xml"; }},
        {"querySpec.metricId", [](auto& s) { s.metric_id[0].Mut().counter_id = 2; }},
        {"querySpec.startTime", [](auto& s) { s.start_time = base::Time(2s), s.end_time = base::Time(1s); }},
        {"querySpec.entity", [](auto& s) { s.entity = kManager; }}};
    for (const Row& row : kRows) {
        auto spec = Spec(20, {{kCpuReady, ""}});
        row.spoil(spec);
        auto answer = TryQuery(spec);
        ASSERT_FALSE(answer) << row.property;
        const auto* fault = answer.error().As<vim::InvalidArgument>();
        ASSERT_TRUE(fault) << row.property;
        EXPECT_EQ(fault->invalid_property, row.property);
    }
    auto spec = Spec(20);
    spec.entity.id = "8";
    EXPECT_TRUE(TryQuery(spec).error().As<vim::ManagedObjectNotFound>());
}

TEST_F(RecorderTest, SaysWhichMetricsThereAre) {
    vim::call::QueryAvailablePerfMetric call;
    call.entity = kVm;
    EXPECT_TRUE(Run(recorder->Available(call))->empty());
    SampleFor(20s);
    EXPECT_EQ(Run(recorder->Available(call))->size(), 3u);
    call.interval_id = 300;
    EXPECT_TRUE(Run(recorder->Available(call))->empty());
}

TEST_F(RecorderTest, ChangesAnIntervalAndKeepsIt) {
    vim::call::UpdatePerfInterval call;
    auto week = inventory.Now()->Get<vim::PerformanceManager>(kManager)->historical_interval[1];
    week.Mut().level = 2;
    call.interval = week;
    ASSERT_TRUE(recorder->UpdateInterval(call));
    Open();
    EXPECT_EQ(inventory.Now()->Get<vim::PerformanceManager>(kManager)->historical_interval[1]->level, 2);
    week.Mut().level = 4;                                // more than the day has
    call.interval = week;
    EXPECT_TRUE(recorder->UpdateInterval(call).error().As<vim::InvalidArgument>());
    week.Mut().level = 1;
    week.Mut().sampling_period = 60;
    call.interval = week;
    EXPECT_TRUE(recorder->UpdateInterval(call).error().As<vim::InvalidArgument>());
}

TEST(Rows, ComeBackAsTheyWere) {
    std::vector<Kept> row{{1, 0}, {200, 127}, {3, 128}, {70'000, 1ll << 40}};
    EXPECT_EQ(UnpackRow(PackRow(row)), row);
    std::string cut = PackRow(row);
    cut.pop_back();
    EXPECT_EQ(UnpackRow(cut).size(), 3u);
    EXPECT_TRUE(UnpackRow(std::string(20, '\xff')).empty());
}

}  // namespace
}  // namespace perf
