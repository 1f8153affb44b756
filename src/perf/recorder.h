// Takes samples every 20 s, at whole multiples of that by the clock, keeps them and answers
// what clients ask of them. Where the numbers come from it does not know: subjects add a
// source each, and all sources are asked by the one timer that is here.
#pragma once

#include <functional>
#include <memory>

#include "inventory/inventory.h"
#include "perf/real_time.h"
#include "perf/rollups.h"
#include "rt/timer.h"
#include "vim/fault.h"
#include "vim/gen/calls_perf.h"

namespace perf {

class Recorder {
public:
    struct Parts {
        inventory::Inventory& inventory;
        rt::Pool& pool;
        rt::Timer& timer;
        vim::Ref manager;
        std::string database;
        // The intervals as text, kept over restarts.
        std::string intervals;
        std::function<base::Result<>(std::string)> keep_intervals;
    };
    // Blocks. Publishes the intervals.
    static base::Result<std::unique_ptr<Recorder>> Open(Parts parts);

    using Source = std::function<rt::Co<void>(base::Time at)>;
    void AddSource(Source source) { sources_.push_back(std::move(source)); }
    rt::Co<void> Run(const bool& stopping);
    rt::Co<void> TakeSample(base::Time at);

    void Put(const vim::Ref& entity, base::Time at, const std::vector<Reading>& readings) {
        real_time_.Put(entity, at, readings);
    }
    void Forget(const vim::Ref& entity);
    // The mean of the last `most` samples that there are; nullopt: none.
    std::optional<std::int64_t> Recent(const vim::Ref& entity, int counter, int most) const;

    using Visible = std::function<bool(const vim::Ref&)>;
    template <class T> using Answer = vim::Result<vim::Ptr<T>>;
    Answer<vim::PerfProviderSummary> ProviderSummary(const vim::call::QueryPerfProviderSummary& call) const;
    static vim::Result<std::vector<vim::Ptr<vim::PerfCounterInfo>>> Counters(const vim::call::QueryPerfCounter& call);
    static vim::Result<std::vector<vim::Ptr<vim::PerfCounterInfo>>> CountersByLevel(
        const vim::call::QueryPerfCounterByLevel& call);
    rt::Co<vim::Result<std::vector<vim::Ptr<vim::PerfMetricId>>>> Available(vim::call::QueryAvailablePerfMetric call);
    rt::Co<vim::Result<std::vector<vim::Ptr<vim::PerfEntityMetricBase>>>> Query(vim::call::QueryPerf call,
                                                                                Visible visible);
    rt::Co<Answer<vim::PerfCompositeMetric>> QueryComposite(vim::call::QueryPerfComposite call, Visible visible);
    vim::Result<> UpdateInterval(const vim::call::UpdatePerfInterval& call);

    base::Result<> Flush() { return rollups_->Flush(); }

private:
    Recorder(Parts parts, std::unique_ptr<Rollups> rollups);
    void PublishIntervals();
    void RollUpAt(base::Time at);
    vim::Result<> CheckSpec(const vim::PerfQuerySpec& spec) const;
    vim::Result<int> PeriodOf(const vim::Ref& entity, std::optional<int> asked) const;
    rt::Co<vim::Result<Samples>> Read(vim::Ref entity, int period, std::optional<base::Time> from,
                                      std::optional<base::Time> to, int most, std::vector<Wanted> wanted);
    // Null: there are no samples.
    rt::Co<Answer<vim::PerfEntityMetricBase>> QueryOne(vim::PerfQuerySpec spec);

    inventory::Inventory& inventory_;
    rt::Timer& timer_;
    const vim::Ref manager_;
    std::function<base::Result<>(std::string)> keep_intervals_;
    Intervals intervals_;
    RealTime real_time_;
    std::unique_ptr<Rollups> rollups_;
    std::vector<Source> sources_;
};

}  // namespace perf
