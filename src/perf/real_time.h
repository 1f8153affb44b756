// The samples of the last hour, one every 20 s, in memory: of each entity a ring for each of
// its metrics. A value takes four bytes; what does not fit is cut at the largest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "perf/intervals.h"
#include "vim/managed.h"

namespace perf {

// One counter of one thing: instance "" is the entity as a whole, "0" a processor, "scsi0:1" a disk.
struct Reading {
    int counter = 0;
    std::string instance;
    std::int64_t value = 0;
};

inline constexpr std::int64_t kNoValue = -1;

struct Series {
    int counter = 0;
    std::string instance;
    std::vector<std::int64_t> values;                    // one for each time; kNoValue where there is none
};

// Of one entity, times rising.
struct Samples {
    std::vector<base::Time> times;
    std::vector<Series> series;
};

// Which metrics: instance "*" stands for all, "" as well. None at all: every one.
struct Wanted {
    int counter = 0;
    std::string instance;
};
std::optional<std::int64_t> Mean(const std::vector<std::int64_t>& values);   // of those that there are
bool IsWanted(const std::vector<Wanted>& wanted, int counter, const std::string& instance);

class RealTime {
public:
    // Times of one entity rise; an earlier one means that the clock was set back, and what
    // was is dropped.
    void Put(const vim::Ref& entity, base::Time at, const std::vector<Reading>& readings);
    void Forget(const vim::Ref& entity);
    void DropBefore(base::Time time);                    // entities without a sample since

    // Those with from < time <= to; at most the last `most` of them (0: all).
    Samples Read(const vim::Ref& entity, base::Time from, base::Time to, int most,
                 const std::vector<Wanted>& wanted) const;
    std::vector<vim::Ref> Entities() const;

private:
    struct Track {
        vim::Ref entity;
        std::uint64_t count = 0;                         // samples ever put
        std::vector<base::Time> times;                   // slot: number of the sample modulo the ring's size
        std::map<std::pair<int, std::string>, std::vector<std::int32_t>> rows;
    };
    std::unordered_map<std::string, Track> tracks_;
};

}  // namespace perf
