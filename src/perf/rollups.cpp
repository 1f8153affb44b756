#include "perf/rollups.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "perf/counters.h"

namespace perf {
namespace {

constexpr char kTables[] =
    "CREATE TABLE IF NOT EXISTS metrics (id INTEGER PRIMARY KEY, counter INTEGER, instance TEXT,"
    " UNIQUE (counter, instance));"
    "CREATE TABLE IF NOT EXISTS rows (entity TEXT, period INTEGER, time INTEGER, data BLOB,"
    " PRIMARY KEY (entity, period, time)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS rows_by_time ON rows (period, time);";

std::int64_t Seconds(base::Time t) { return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count(); }

void PutNumber(std::string& out, std::uint64_t n) {
    for (; n >= 128; n >>= 7) out += static_cast<char>(n | 128);
    out += static_cast<char>(n);
}

std::optional<std::uint64_t> TakeNumber(std::string_view& data) {
    std::uint64_t n = 0;
    for (int shift = 0; shift < 64 && !data.empty(); shift += 7) {
        auto byte = static_cast<unsigned char>(data.front());
        data.remove_prefix(1);
        n |= std::uint64_t(byte & 127) << shift;
        if (byte < 128) return n;
    }
    return {};
}

base::Result<std::int64_t> MetricId(store::Database& db, int counter, const std::string& instance) {
    TRY(find, db.Prepare("SELECT id FROM metrics WHERE counter = ?1 AND instance = ?2"));
    TRY(known, find.Bind(counter, instance).Step());
    if (known) return find.Int(0);
    TRY(add, db.Prepare("INSERT INTO metrics (counter, instance) VALUES (?1, ?2) RETURNING id"));
    TRY(added, add.Bind(counter, instance).Step());
    std::int64_t id = added ? add.Int(0) : 0;
    CHECK(add.Run());
    return id;
}

using Metrics = std::map<std::int64_t, std::pair<int, std::string>>;

base::Result<Metrics> ReadMetrics(store::Database& db) {
    Metrics out;
    TRY(rows, db.Prepare("SELECT id, counter, instance FROM metrics"));
    for (;;) {
        TRY(more, rows.Step());
        if (!more) return out;
        out[rows.Int(0)] = {static_cast<int>(rows.Int(1)), rows.Text(2)};
    }
}

base::Result<> WriteRow(store::Database& db, const std::string& entity, int period, std::int64_t time,
                        const std::string& data) {
    TRY(row, db.Prepare("INSERT OR REPLACE INTO rows VALUES (?1, ?2, ?3, ?4)"));
    return row.Bind(entity, period, time, data).Run();
}

bool Keeps(const vim::PerfInterval& interval, int counter, const std::string& instance) {
    const CounterRow* row = FindCounter(counter);
    return row && (instance.empty() ? row->level : row->device_level) <= interval.level.value_or(1);
}

struct Due {
    std::string entity;
    std::int64_t end;                // of the longer interval that a row falls into
};

// Which rows of `longer` are missing: those whose time has passed and which have something
// to be made of. Only what is younger than the newest row of all is looked at.
base::Result<std::vector<Due>> FindDue(store::Database& db, int shorter, int longer, std::int64_t now) {
    TRY(newest, db.Prepare("SELECT coalesce(max(time), 0) FROM rows WHERE period = ?1"));
    TRY(any, newest.Bind(longer).Step());
    std::int64_t since = any ? newest.Int(0) : 0;
    std::int64_t until = now / longer * longer;
    TRY(rows, db.Prepare("SELECT DISTINCT entity, ((time + ?1 - 1) / ?1) * ?1 FROM rows"
                         " WHERE period = ?2 AND time > ?3 AND time <= ?4"));
    rows.Bind(longer, shorter, since, until);
    std::vector<Due> out;
    for (;;) {
        TRY(more, rows.Step());
        if (!more) return out;
        out.push_back({rows.Text(0), rows.Int(1)});
    }
}

base::Result<> MakeRow(store::Database& db, const Metrics& metrics, const Due& due, int shorter,
                       const vim::PerfInterval& longer) {
    TRY(rows, db.Prepare("SELECT data FROM rows WHERE entity = ?1 AND period = ?2 AND time > ?3 AND time <= ?4"
                         " ORDER BY time"));
    rows.Bind(due.entity, shorter, due.end - longer.sampling_period, due.end);
    std::map<std::int64_t, std::vector<std::int64_t>> values;
    for (;;) {
        TRY(more, rows.Step());
        if (!more) break;
        for (const Kept& kept : UnpackRow(rows.Text(0))) values[kept.metric].push_back(kept.value);
    }
    std::vector<Kept> out;
    for (const auto& [id, several] : values) {
        auto metric = metrics.find(id);
        if (metric == metrics.end() || !Keeps(longer, metric->second.first, metric->second.second)) continue;
        if (auto one = RollUp(metric->second.first, several)) out.push_back({id, *one});
    }
    if (out.empty()) return {};
    return WriteRow(db, due.entity, longer.sampling_period, due.end, PackRow(out));
}

base::Result<> RollOn(store::Database& db, const Intervals& intervals, std::int64_t now) {
    for (std::size_t i = 1; i < intervals.size(); ++i) {
        int shorter = intervals[i - 1]->sampling_period;
        if (!intervals[i]->enabled) continue;
        TRY(due, FindDue(db, shorter, intervals[i]->sampling_period, now));
        if (due.empty()) continue;
        TRY(metrics, ReadMetrics(db));
        for (const Due& one : due) CHECK(MakeRow(db, metrics, one, shorter, *intervals[i]));
    }
    TRY(old, db.Prepare("DELETE FROM rows WHERE period = ?1 AND time <= ?2"));
    for (const auto& i : intervals) CHECK(old.Bind(i->sampling_period, now - i->length).Run());
    return {};
}

base::Result<> Store(store::Database& db, std::int64_t at, const std::vector<Rollups::Row>& rows,
                     const Intervals& intervals) {
    for (const Rollups::Row& row : rows) {
        std::vector<Kept> values;
        for (const Reading& r : row.readings) {
            if (!Keeps(*intervals.front(), r.counter, r.instance)) continue;
            TRY(id, MetricId(db, r.counter, r.instance));
            values.push_back({id, r.value});
        }
        if (!values.empty()) CHECK(WriteRow(db, row.entity, kFirstPeriod, at, PackRow(values)));
    }
    return {};
}

base::Result<Samples> ReadStored(const std::string& path, const std::string& entity, int period, base::Time from,
                                 base::Time to, const std::vector<Wanted>& wanted) {
    TRY(db, store::Database::Open(path));
    TRY(metrics, ReadMetrics(db));
    TRY(rows, db.Prepare("SELECT time, data FROM rows WHERE entity = ?1 AND period = ?2 AND time > ?3 AND time <= ?4"
                         " ORDER BY time"));
    rows.Bind(entity, period, Seconds(from), Seconds(to));
    Samples out;
    std::map<std::pair<int, std::string>, std::vector<std::int64_t>> series;
    for (;;) {
        TRY(more, rows.Step());
        if (!more) break;
        out.times.push_back(base::Time(std::chrono::seconds(rows.Int(0))));
        for (const Kept& kept : UnpackRow(rows.Text(1))) {
            auto metric = metrics.find(kept.metric);
            if (metric == metrics.end() || !IsWanted(wanted, metric->second.first, metric->second.second)) continue;
            auto& values = series[metric->second];
            values.resize(out.times.size() - 1, kNoValue);
            values.push_back(kept.value);
        }
    }
    for (auto& [metric, values] : series) {
        values.resize(out.times.size(), kNoValue);
        out.series.push_back({metric.first, metric.second, std::move(values)});
    }
    return out;
}

}  // namespace

std::string PackRow(const std::vector<Kept>& values) {
    std::string out;
    for (const Kept& kept : values) {
        PutNumber(out, static_cast<std::uint64_t>(kept.metric));
        PutNumber(out, static_cast<std::uint64_t>(kept.value));
    }
    return out;
}

std::vector<Kept> UnpackRow(std::string_view data) {
    std::vector<Kept> out;
    while (!data.empty()) {
        auto metric = TakeNumber(data), value = TakeNumber(data);
        if (!metric || !value || *metric > INT64_MAX || *value > INT64_MAX) break;
        out.push_back({static_cast<std::int64_t>(*metric), static_cast<std::int64_t>(*value)});
    }
    return out;
}

std::optional<std::int64_t> RollUp(int counter, const std::vector<std::int64_t>& values) {
    using enum vim::PerfSummaryType;
    std::vector<std::int64_t> known;
    for (std::int64_t v : values)
        if (v >= 0) known.push_back(v);
    const CounterRow* row = FindCounter(counter);
    if (!row || known.empty()) return {};
    std::int64_t sum = std::accumulate(known.begin(), known.end(), std::int64_t{0});
    switch (row->rollup) {
        case kSummation: return sum;
        case kMaximum: return *std::max_element(known.begin(), known.end());
        case kMinimum: return *std::min_element(known.begin(), known.end());
        case kLatest: return known.back();
        default: return sum / static_cast<std::int64_t>(known.size());
    }
}

base::Result<std::unique_ptr<Rollups>> Rollups::Open(std::string path, rt::Pool& pool) {
    TRY(db, store::Database::OpenOrReplace(path));
    CHECK(db.Execute(kTables));
    return std::unique_ptr<Rollups>(new Rollups(std::move(path), pool, std::move(db)));
}

void Rollups::Add(base::Time at, std::vector<Row> rows, Intervals intervals) {
    writer_.Add([at = Seconds(at), rows = std::move(rows),
                 intervals = std::move(intervals)](store::Database& db) -> base::Result<> {
        CHECK(Store(db, at, rows, intervals));
        return RollOn(db, intervals, at);
    });
}

void Rollups::CatchUp(base::Time now, Intervals intervals) {
    writer_.Add([now = Seconds(now), intervals = std::move(intervals)](store::Database& db) {
        return RollOn(db, intervals, now);
    });
}

void Rollups::Forget(const std::string& entity) {
    writer_.Add([entity](store::Database& db) -> base::Result<> {
        TRY(gone, db.Prepare("DELETE FROM rows WHERE entity = ?1"));
        return gone.Bind(entity).Run();
    });
}

rt::Co<base::Result<Samples>> Rollups::Read(std::string entity, int period, base::Time from, base::Time to,
                                            std::vector<Wanted> wanted) {
    auto read = [this, path = path_, entity = std::move(entity), period, from, to,
                 wanted = std::move(wanted)]() -> base::Result<Samples> {
        CHECK(writer_.Flush());
        return ReadStored(path, entity, period, from, to, wanted);
    };
    co_return co_await pool_.Run(std::move(read));
}

}  // namespace perf
