// What is kept of the samples: a row per entity, interval and time, in SQLite. A row holds
// all its values in a few bytes each, so that a host with hundreds of VMs writes one small
// row for each of them every five minutes.
//
// The rows of an interval are made of those of the one before, whenever its time has come;
// those that hostd was not there for are made up when it is again.
#pragma once

#include <memory>

#include "perf/real_time.h"
#include "rt/pool.h"
#include "store/writer.h"

namespace perf {

// One value of a row, by the number that the database gave to its metric.
struct Kept {
    std::int64_t metric = 0;
    std::int64_t value = 0;
    bool operator==(const Kept&) const = default;
};
std::string PackRow(const std::vector<Kept>& values);
std::vector<Kept> UnpackRow(std::string_view data);      // of odd bytes: what came before them

// Several values of one counter as the one of a longer interval. None: nullopt.
std::optional<std::int64_t> RollUp(int counter, const std::vector<std::int64_t>& values);

class Rollups {
public:
    // Blocks.
    static base::Result<std::unique_ptr<Rollups>> Open(std::string path, rt::Pool& pool);

    struct Row {
        std::string entity;
        std::vector<Reading> readings;
    };
    // The rows of `at` in the first interval; then those of the later ones whose time it is,
    // and out goes what is too old. Never waits.
    void Add(base::Time at, std::vector<Row> rows, Intervals intervals);
    // Rows of later intervals that are due since we were last here.
    void CatchUp(base::Time now, Intervals intervals);
    void Forget(const std::string& entity);

    rt::Co<base::Result<Samples>> Read(std::string entity, int period, base::Time from, base::Time to,
                                       std::vector<Wanted> wanted);
    base::Result<> Flush() { return writer_.Flush(); }

private:
    Rollups(std::string path, rt::Pool& pool, store::Database db)
        : path_(std::move(path)), pool_(pool), writer_(std::move(db)) {}

    const std::string path_;
    rt::Pool& pool_;
    store::Writer writer_;
};

}  // namespace perf
