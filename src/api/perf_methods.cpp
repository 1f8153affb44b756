// PerformanceManager.
#include "api/serve.h"
#include "perf/recorder.h"

namespace api {

namespace call = vim::call;

namespace {

// Entities that the caller may not look at are left out of answers.
perf::Recorder::Visible VisibleTo(Call& call) {
    return [&call](const vim::Ref& entity) { return bool(call.Check(entity, "System.Read")); };
}

}  // namespace

void ServePerformance(Dispatch& dispatch, perf::Recorder& recorder) {
    dispatch.On<call::QueryPerfProviderSummary>(
        [&recorder](Call&, const call::QueryPerfProviderSummary& r) { return recorder.ProviderSummary(r); });
    dispatch.On<call::QueryPerfCounter>(
        [](Call&, const call::QueryPerfCounter& r) { return perf::Recorder::Counters(r); });
    dispatch.On<call::QueryPerfCounterByLevel>(
        [](Call&, const call::QueryPerfCounterByLevel& r) { return perf::Recorder::CountersByLevel(r); });
    dispatch.On<call::QueryAvailablePerfMetric>(
        [&recorder](Call&, const call::QueryAvailablePerfMetric& r) { return recorder.Available(r); });
    dispatch.On<call::QueryPerf>(
        [&recorder](Call& c, const call::QueryPerf& r) { return recorder.Query(r, VisibleTo(c)); });
    dispatch.On<call::QueryPerfComposite>(
        [&recorder](Call& c, const call::QueryPerfComposite& r) { return recorder.QueryComposite(r, VisibleTo(c)); });
    dispatch.On<call::UpdatePerfInterval>(
        [&recorder](Call&, const call::UpdatePerfInterval& r) { return recorder.UpdateInterval(r); });
}

}  // namespace api
