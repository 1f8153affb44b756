// Recorder: what clients ask.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "perf/counters.h"
#include "perf/recorder.h"
#include "vim/gen/entity.h"
#include "vim/gen/host.h"
#include "vim/gen/storage.h"
#include "vim/gen/vm.h"

namespace perf {
namespace {

vim::Fault Wrong(std::string_view property, std::string words) {
    return vim::Fault(vim::InvalidArgument(std::string(property)), std::move(words));
}

bool HasRealTime(const vim::Ref& entity) {
    return entity.type->IsA(vim::VirtualMachine::kType) || entity.type->IsA(vim::HostSystem::kType) ||
           entity.type->IsA(vim::ResourcePool::kType);
}
bool IsProvider(const vim::Ref& entity) { return HasRealTime(entity) || entity.type->IsA(vim::Datastore::kType); }

vim::Fault NoProvider(std::string_view property, const vim::Ref& entity) {
    return Wrong(property, base::Cat("there are no performance counters of a ", entity.type->name));
}

// Times in text carry no fraction of a second: samples lie on whole ones.
std::string TimeText(base::Time t) { return base::FormatTime(t).substr(0, 19) + "Z"; }

vim::Ptr<vim::PerfMetricId> IdOf(const Series& series) {
    vim::PerfMetricId id;
    id.counter_id = series.counter;
    id.instance = series.instance;
    return id;
}

vim::Ptr<vim::PerfEntityMetricBase> AsNumbers(const vim::Ref& entity, int period, Samples samples) {
    vim::PerfEntityMetric out;
    out.entity = entity;
    for (base::Time t : samples.times) {
        vim::PerfSampleInfo info;
        info.timestamp = t;
        info.interval = period;
        out.sample_info.push_back(std::move(info));
    }
    for (Series& series : samples.series) {
        vim::PerfMetricIntSeries numbers;
        numbers.id = IdOf(series);
        numbers.value = std::move(series.values);
        out.value.push_back(std::move(numbers));
    }
    return out;
}

vim::Ptr<vim::PerfEntityMetricBase> AsCsv(const vim::Ref& entity, int period, const Samples& samples) {
    vim::PerfEntityMetricCSV out;
    out.entity = entity;
    for (base::Time t : samples.times)
        out.sample_info_csv += base::Cat(out.sample_info_csv.empty() ? "" : ",", period, ",", TimeText(t));
    for (const Series& series : samples.series) {
        vim::PerfMetricSeriesCSV text;
        text.id = IdOf(series);
        std::string values;
        for (std::int64_t v : series.values) values += base::Cat(values.empty() ? "" : ",", v);
        text.value = std::move(values);
        out.value.push_back(std::move(text));
    }
    return out;
}

std::vector<vim::Ref> ChildrenOf(const inventory::Snapshot& now, const vim::Ref& entity) {
    if (auto* host = now.Get<vim::HostSystem>(entity)) return host->vm;
    if (auto* pool = now.Get<vim::ResourcePool>(entity)) return pool->vm;
    return {};
}

}  // namespace

Recorder::Answer<vim::PerfProviderSummary> Recorder::ProviderSummary(
    const vim::call::QueryPerfProviderSummary& call) const {
    if (!inventory_.Now()->Peek(call.entity)) return vim::Fault(vim::ManagedObjectNotFound(call.entity));
    if (!IsProvider(call.entity)) return NoProvider("entity", call.entity);
    vim::PerfProviderSummary summary;
    summary.entity = call.entity;
    summary.current_supported = HasRealTime(call.entity);
    summary.summary_supported = true;
    if (summary.current_supported) summary.refresh_rate = kRealTime;
    return vim::Ptr<vim::PerfProviderSummary>(std::move(summary));
}

vim::Result<std::vector<vim::Ptr<vim::PerfCounterInfo>>> Recorder::Counters(const vim::call::QueryPerfCounter& call) {
    const auto all = PerfCounters();
    std::vector<vim::Ptr<vim::PerfCounterInfo>> out;
    for (int id : call.counter_id) {
        auto at = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c->key == id; });
        if (at == all.end()) return Wrong("counterId", base::Cat("there is no performance counter ", id));
        out.push_back(*at);
    }
    return out;
}

vim::Result<std::vector<vim::Ptr<vim::PerfCounterInfo>>> Recorder::CountersByLevel(
    const vim::call::QueryPerfCounterByLevel& call) {
    if (call.level < 1 || call.level > 4)
        return Wrong("level", base::Cat("level ", call.level, " is not between 1 and 4"));
    auto out = PerfCounters();
    std::erase_if(out, [&](const auto& c) { return c->level.value_or(4) > call.level; });
    return out;
}

// Nothing asked for: the present, where there is one, else the day.
vim::Result<int> Recorder::PeriodOf(const vim::Ref& entity, std::optional<int> asked) const {
    if (!asked) return HasRealTime(entity) ? kRealTime : kFirstPeriod;
    if (*asked == kRealTime && HasRealTime(entity)) return kRealTime;
    for (const auto& interval : intervals_)
        if (interval->sampling_period == *asked) return *asked;
    return Wrong("interval", base::Cat("no samples of a ", entity.type->name, " are kept at an interval of ", *asked,
                                       " seconds; PerformanceManager.historicalInterval says which are"));
}

vim::Result<> Recorder::CheckSpec(const vim::PerfQuerySpec& spec) const {
    if (!inventory_.Now()->Peek(spec.entity)) return vim::Fault(vim::ManagedObjectNotFound(spec.entity));
    if (!IsProvider(spec.entity)) return NoProvider("querySpec.entity", spec.entity);
    TRY(period, PeriodOf(spec.entity, spec.interval_id));
    if (period == kRealTime && spec.max_sample && *spec.max_sample < 1)
        return Wrong("querySpec.maxSample", "maxSample is less than one");
    if (spec.format && !spec.format->empty() && *spec.format != "normal" && *spec.format != "csv")
        return Wrong("querySpec.format", base::Cat("the format \"", *spec.format, "\" is neither normal nor csv"));
    if (spec.start_time && spec.end_time && *spec.start_time > *spec.end_time)
        return Wrong("querySpec.startTime", "startTime is after endTime");
    for (const auto& metric : spec.metric_id)
        if (!FindCounter(metric->counter_id))
            return Wrong("querySpec.metricId", base::Cat("there is no performance counter ", metric->counter_id));
    return {};
}

rt::Co<vim::Result<Samples>> Recorder::Read(vim::Ref entity, int period, std::optional<base::Time> from,
                                            std::optional<base::Time> to, int most, std::vector<Wanted> wanted) {
    base::Time since = from.value_or(base::Time()), until = to.value_or(timer_.Now());
    if (period == kRealTime) co_return real_time_.Read(entity, since, until, most, wanted);
    auto read = co_await rollups_->Read(entity.id, period, since, until, std::move(wanted));
    if (!read) co_return vim::Fault(std::move(read).error().While("read performance samples"));
    co_return *std::move(read);
}

rt::Co<Recorder::Answer<vim::PerfEntityMetricBase>> Recorder::QueryOne(vim::PerfQuerySpec spec) {
    CO_TRY(period, PeriodOf(spec.entity, spec.interval_id));
    std::vector<Wanted> wanted;
    for (const auto& metric : spec.metric_id) wanted.push_back({metric->counter_id, metric->instance});
    CO_TRY(samples, co_await Read(spec.entity, period, spec.start_time, spec.end_time, spec.max_sample.value_or(0),
                                  std::move(wanted)));
    if (samples.times.empty()) co_return vim::Ptr<vim::PerfEntityMetricBase>();
    co_return spec.format == "csv" ? AsCsv(spec.entity, period, samples)
                                   : AsNumbers(spec.entity, period, std::move(samples));
}

rt::Co<vim::Result<std::vector<vim::Ptr<vim::PerfEntityMetricBase>>>> Recorder::Query(vim::call::QueryPerf call,
                                                                                      Visible visible) {
    for (const auto& spec : call.query_spec) CO_CHECK(CheckSpec(*spec));
    std::vector<vim::Ptr<vim::PerfEntityMetricBase>> out;
    for (const auto& spec : call.query_spec) {
        if (!visible(spec->entity)) continue;
        vim::PerfQuerySpec one = *spec;
        CO_TRY(metric, co_await QueryOne(std::move(one)));
        if (metric) out.push_back(std::move(metric));
    }
    co_return out;
}

rt::Co<Recorder::Answer<vim::PerfCompositeMetric>> Recorder::QueryComposite(vim::call::QueryPerfComposite call,
                                                                            Visible visible) {
    const vim::PerfQuerySpec& asked = *call.query_spec;
    CO_CHECK(CheckSpec(asked));
    vim::PerfCompositeMetric out;
    std::vector<vim::Ref> entities{asked.entity};
    for (const vim::Ref& child : ChildrenOf(*inventory_.Now(), asked.entity)) entities.push_back(child);
    for (const vim::Ref& entity : entities) {
        if (!visible(entity)) continue;
        vim::PerfQuerySpec spec = asked;
        spec.entity = entity;
        CO_TRY(metric, co_await QueryOne(std::move(spec)));
        if (!metric) continue;
        if (entity == asked.entity) out.entity = std::move(metric);
        else out.child_entity.push_back(std::move(metric));
    }
    co_return vim::Ptr<vim::PerfCompositeMetric>(std::move(out));
}

rt::Co<vim::Result<std::vector<vim::Ptr<vim::PerfMetricId>>>> Recorder::Available(
    vim::call::QueryAvailablePerfMetric call) {
    if (!inventory_.Now()->Peek(call.entity)) co_return vim::Fault(vim::ManagedObjectNotFound(call.entity));
    if (!IsProvider(call.entity)) co_return NoProvider("entity", call.entity);
    CO_TRY(period, PeriodOf(call.entity, call.interval_id));
    CO_TRY(samples, co_await Read(call.entity, period, call.begin_time, call.end_time, 0, {}));
    if (samples.series.empty() && !call.interval_id && period != kFirstPeriod) {
        CO_TRY(kept, co_await Read(call.entity, kFirstPeriod, call.begin_time, call.end_time, 0, {}));
        samples = std::move(kept);
    }
    std::vector<vim::Ptr<vim::PerfMetricId>> out;
    for (const Series& series : samples.series) out.push_back(IdOf(series));
    co_return out;
}

// A longer interval is made of the shorter one, so it cannot hold more.
vim::Result<> Recorder::UpdateInterval(const vim::call::UpdatePerfInterval& call) {
    const vim::PerfInterval& wanted = *call.interval;
    Intervals changed = intervals_;
    auto at = std::find_if(changed.begin(), changed.end(),
                           [&](const auto& i) { return i->sampling_period == wanted.sampling_period; });
    if (at == changed.end() || ((*at)->key != wanted.key && wanted.key != 0))
        return Wrong("interval", base::Cat("there is no interval ", wanted.key, " of ", wanted.sampling_period,
                                           " seconds; the intervals are fixed, level and length can be changed"));
    int level = wanted.level.value_or((*at)->level.value_or(1));
    if (level < 1 || level > 4) return Wrong("interval.level", base::Cat("level ", level, " is not between 1 and 4"));
    if (wanted.length < 2 * wanted.sampling_period || wanted.length > 5 * 366 * 86'400)
        return Wrong("interval.length",
                     base::Cat(wanted.length, " seconds are not between two samples and five years"));
    at->Mut().level = level;
    at->Mut().enabled = wanted.enabled;
    at->Mut().length = wanted.length;
    for (std::size_t i = 1; i < changed.size(); ++i) {
        if (!changed[i]->enabled) continue;
        if (!changed[i - 1]->enabled)
            return Wrong("interval.enabled",
                         base::Cat(changed[i]->name, " is made of ", changed[i - 1]->name, ", which is not enabled"));
        if (*changed[i]->level > *changed[i - 1]->level)
            return Wrong("interval.level", base::Cat(changed[i]->name, " cannot have a higher level than ",
                                                     changed[i - 1]->name, ", which it is made of"));
    }
    if (auto kept = keep_intervals_(ToText(changed)); !kept)
        return vim::Fault(std::move(kept).error().While("keep the intervals of performance samples"));
    intervals_ = std::move(changed);
    PublishIntervals();
    return {};
}

}  // namespace perf
