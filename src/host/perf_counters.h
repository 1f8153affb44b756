// The performance counters that this host knows. Their ids are looked up by clients by
// group, name and roll-up; within a group they start where a host has them.
#pragma once

#include "vim/gen/perf.h"

namespace host {

std::vector<vim::Ptr<vim::PerfCounterInfo>> PerfCounters();
vim::PerformanceManager Performance();

}  // namespace host
