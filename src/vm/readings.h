// From what a VM used between two looks to the values of its performance counters. Pure.
#pragma once

#include <string>
#include <vector>

#include "backend/hypervisor.h"
#include "perf/real_time.h"
#include "vim/gen/vm.h"

namespace vm {

// What a reading is made of besides the use itself.
struct Sizes {
    int core_mhz = 2000;
    int cpus = 1;
    std::int64_t memory_kb = 0;
    std::int64_t uptime_seconds = 0;
};

// Where a disk is shown: as "scsi0:1" of virtualDisk, and by the id of its datastore.
struct DiskPlace {
    int key = 0;
    std::string slot, datastore;
};

// `passed` is the time between the looks; with none before there are no rates yet. Sums are
// those of one whole interval of 20 s, whatever time really passed.
std::vector<perf::Reading> ReadingsOf(const backend::Usage& now, const backend::Usage* before, base::Duration passed,
                                      const Sizes& sizes, const std::vector<DiskPlace>& places);

// The same numbers as summary.quickStats has them.
struct Quick {
    int cpu_mhz = 0, demand_mhz = 0;
    int resident_mb = 0, active_mb = 0, swapped_mb = 0;
};
Quick QuickOf(const backend::Usage& now, const backend::Usage* before, base::Duration passed, const Sizes& sizes);

}  // namespace vm
