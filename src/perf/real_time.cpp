#include "perf/real_time.h"

#include <algorithm>

namespace perf {
namespace {

std::string KeyOf(const vim::Ref& entity) { return std::string(entity.type->name) + ":" + entity.id; }

std::int32_t Narrow(std::int64_t value) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, kNoValue, INT32_MAX));
}

}  // namespace

std::optional<std::int64_t> Mean(const std::vector<std::int64_t>& values) {
    std::int64_t sum = 0, count = 0;
    for (std::int64_t v : values)
        if (v != kNoValue) sum += v, ++count;
    return count ? std::optional(sum / count) : std::nullopt;
}

bool IsWanted(const std::vector<Wanted>& wanted, int counter, const std::string& instance) {
    if (wanted.empty()) return true;
    return std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& w) {
        return w.counter == counter && (w.instance == instance || w.instance == "*");
    });
}

void RealTime::Put(const vim::Ref& entity, base::Time at, const std::vector<Reading>& readings) {
    Track& track = tracks_[KeyOf(entity)];
    auto newest = [&] { return track.times[(track.count - 1) % kRealTimeSamples]; };
    if (track.count > 0 && at == newest()) return;
    if (track.count > 0 && at < newest()) track = {};
    track.entity = entity;
    std::size_t slot = track.count++ % kRealTimeSamples;
    if (track.times.size() <= slot) track.times.resize(slot + 1);
    track.times[slot] = at;
    for (auto& [metric, values] : track.rows)
        if (slot < values.size()) values[slot] = kNoValue;               // of an hour ago
    for (const Reading& r : readings) {
        auto& values = track.rows[{r.counter, r.instance}];
        if (values.size() <= slot) values.resize(slot + 1, kNoValue);
        values[slot] = Narrow(r.value);
    }
    if (slot != 0) return;
    std::erase_if(track.rows, [](const auto& row) {                      // a device that went an hour ago
        return std::all_of(row.second.begin(), row.second.end(), [](std::int32_t v) { return v == kNoValue; });
    });
}

void RealTime::Forget(const vim::Ref& entity) { tracks_.erase(KeyOf(entity)); }

void RealTime::DropBefore(base::Time time) {
    std::erase_if(tracks_, [&](const auto& entry) {
        const Track& t = entry.second;
        return t.times[(t.count - 1) % kRealTimeSamples] < time;
    });
}

Samples RealTime::Read(const vim::Ref& entity, base::Time from, base::Time to, int most,
                       const std::vector<Wanted>& wanted) const {
    Samples out;
    auto found = tracks_.find(KeyOf(entity));
    if (found == tracks_.end()) return out;
    const Track& track = found->second;
    std::vector<std::size_t> slots;
    std::uint64_t first = track.count > kRealTimeSamples ? track.count - kRealTimeSamples : 0;
    for (std::uint64_t i = first; i < track.count; ++i)
        if (base::Time t = track.times[i % kRealTimeSamples]; t > from && t <= to)
            slots.push_back(i % kRealTimeSamples);
    if (most > 0 && slots.size() > static_cast<std::size_t>(most)) slots.erase(slots.begin(), slots.end() - most);
    for (std::size_t slot : slots) out.times.push_back(track.times[slot]);
    for (const auto& [metric, values] : track.rows) {
        if (!IsWanted(wanted, metric.first, metric.second)) continue;
        Series series{metric.first, metric.second, {}};
        bool any = false;
        for (std::size_t slot : slots) {
            std::int64_t value = slot < values.size() ? values[slot] : kNoValue;
            any |= value != kNoValue;
            series.values.push_back(value);
        }
        if (any) out.series.push_back(std::move(series));
    }
    return out;
}

std::vector<vim::Ref> RealTime::Entities() const {
    std::vector<vim::Ref> out;
    for (const auto& [key, track] : tracks_) out.push_back(track.entity);
    return out;
}

}  // namespace perf
