#include "perf/recorder.h"

#include "base/log.h"
#include "base/text.h"
#include "perf/counters.h"

namespace perf {

using std::chrono::seconds;

base::Result<std::unique_ptr<Recorder>> Recorder::Open(Parts parts) {
    TRY(rollups, Rollups::Open(parts.database, parts.pool));
    std::unique_ptr<Recorder> out(new Recorder(std::move(parts), std::move(rollups)));
    out->PublishIntervals();
    return out;
}

Recorder::Recorder(Parts parts, std::unique_ptr<Rollups> rollups)
    : inventory_(parts.inventory),
      timer_(parts.timer),
      manager_(parts.manager),
      keep_intervals_(std::move(parts.keep_intervals)),
      intervals_(ParseIntervals(parts.intervals)),
      rollups_(std::move(rollups)) {
    rollups_->CatchUp(timer_.Now(), intervals_);
}

void Recorder::PublishIntervals() {
    auto edit = inventory_.Begin();
    edit.Change<vim::PerformanceManager>(manager_,
                                         [&](vim::PerformanceManager& m) { m.historical_interval = intervals_; });
    edit.Commit();
}

// Samples carry round times, whatever moment they were really taken at.
rt::Co<void> Recorder::Run(const bool& stopping) {
    constexpr base::Duration kStep = seconds(kRealTime);
    base::Time latest{timer_.Now().time_since_epoch() / kStep * kStep};
    co_await TakeSample(latest);                         // so that nobody waits for the first numbers
    while (!stopping) {
        base::Time now = timer_.Now();
        base::Time next{(now.time_since_epoch() / kStep + 1) * kStep};
        co_await timer_.Sleep(next - now);
        if (!stopping) co_await TakeSample(next);
    }
}

rt::Co<void> Recorder::TakeSample(base::Time at) {
    for (const Source& source : sources_) co_await source(at);
    if (at.time_since_epoch() % seconds(kFirstPeriod) != base::Duration::zero()) co_return;
    for (const vim::Ref& entity : real_time_.Entities())
        if (!inventory_.Now()->Peek(entity)) Forget(entity);
    RollUpAt(at);
    real_time_.DropBefore(at - std::chrono::hours(1));
}

void Recorder::RollUpAt(base::Time at) {
    if (!intervals_.front()->enabled) return;
    std::vector<Rollups::Row> rows;
    for (const vim::Ref& entity : real_time_.Entities()) {
        Samples samples = real_time_.Read(entity, at - seconds(kFirstPeriod), at, 0, {});
        Rollups::Row row{entity.id, {}};
        for (Series& series : samples.series)
            if (auto value = RollUp(series.counter, series.values))
                row.readings.push_back({series.counter, std::move(series.instance), *value});
        if (!row.readings.empty()) rows.push_back(std::move(row));
    }
    rollups_->Add(at, std::move(rows), intervals_);
}

void Recorder::Forget(const vim::Ref& entity) {
    real_time_.Forget(entity);
    rollups_->Forget(entity.id);
}

std::optional<std::int64_t> Recorder::Recent(const vim::Ref& entity, int counter, int most) const {
    Samples samples = real_time_.Read(entity, {}, base::Time::max(), most, {{counter, ""}});
    return samples.series.empty() ? std::nullopt : Mean(samples.series.front().values);
}

}  // namespace perf
