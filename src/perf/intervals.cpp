#include "perf/intervals.h"

#include "base/text.h"

namespace perf {
namespace {

vim::Ptr<vim::PerfInterval> Make(int key, int period, std::string name, int length, int level) {
    vim::PerfInterval i;
    i.key = key;
    i.sampling_period = period;
    i.name = std::move(name);
    i.length = length;
    i.level = level;
    i.enabled = true;
    return i;
}

}  // namespace

// The day is kept nearly whole, the rest as coarse as a central server keeps it.
Intervals UsualIntervals() {
    constexpr int kDay = 86'400;
    return {Make(1, kFirstPeriod, "PastDay", kDay, 3), Make(2, 1'800, "PastWeek", 7 * kDay, 1),
            Make(3, 7'200, "PastMonth", 30 * kDay, 1), Make(4, kDay, "PastYear", 365 * kDay, 1)};
}

// "interval 300 level 3 enabled 1 length 86400"
std::string ToText(const Intervals& intervals) {
    std::string out;
    for (const auto& i : intervals)
        out += base::Cat("interval ", i->sampling_period, " level ", i->level.value_or(1), " enabled ", int{i->enabled},
                         " length ", i->length, "\n");
    return out;
}

Intervals ParseIntervals(std::string_view text) {
    Intervals out = UsualIntervals();
    for (std::string_view line : base::Split(text, '\n')) {
        auto words = base::Split(line, ' ');
        if (words.size() != 8 || words[0] != "interval") continue;
        auto period = base::ToInt(words[1]), level = base::ToInt(words[3]), length = base::ToInt(words[7]);
        if (!period || !level || !length || *level < 1 || *level > 4 || *length < *period || *length > INT32_MAX)
            continue;
        for (auto& i : out) {
            if (i->sampling_period != *period) continue;
            i.Mut().level = static_cast<int>(*level);
            i.Mut().enabled = words[5] == "1";
            i.Mut().length = static_cast<int>(*length);
        }
    }
    return out;
}

}  // namespace perf
