// The historical intervals: how finely, how long and how much of it is kept.
//
//   5 minutes for a day, 30 minutes for a week, 2 hours for a month, a day for a year
//
// A counter is kept in an interval when its level is not above the interval's. The values of
// an interval are made from those of the one before.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vim/gen/perf.h"

namespace perf {

inline constexpr int kRealTime = 20;                     // seconds between samples
inline constexpr int kRealTimeSamples = 180;             // an hour
inline constexpr int kFirstPeriod = 300;

using Intervals = std::vector<vim::Ptr<vim::PerfInterval>>;
Intervals UsualIntervals();

std::string ToText(const Intervals& intervals);
// What the text says, over what is usual; lines that make no sense are passed over.
Intervals ParseIntervals(std::string_view text);

}  // namespace perf
