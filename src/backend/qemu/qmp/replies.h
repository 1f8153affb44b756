// What commands answer, typed. Pure functions of the reply's text: every one takes any
// bytes and gives a value or kInternal ("QEMU broke its own protocol").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace backend::qemu::qmp {

struct Status {
    std::string status;            // running, paused, prelaunch, inmigrate, io-error, ...
    bool running = false;
};
base::Result<Status> ParseStatus(std::string_view reply);

struct Migration {
    std::string status;            // none, setup, active, completed, failed, cancelled, ...
    std::string error;             // why it failed, in QEMU's words
    std::int64_t total = 0, transferred = 0, remaining = 0;
};
base::Result<Migration> ParseMigration(std::string_view reply);

// query-chardev: is the guest's end of this port open?
base::Result<bool> ParsePortOpen(std::string_view reply, std::string_view label);

// query-blockstats: what each drive of ours did; others and those without a medium are left out.
struct DriveStats {
    int key = 0;                   // of its device, "dev-2000"
    std::int64_t reads = 0, writes = 0, read_bytes = 0, write_bytes = 0, read_ns = 0, write_ns = 0;
};
base::Result<std::vector<DriveStats>> ParseBlockStats(std::string_view reply);

// add-fd: the set that the descriptor went to.
base::Result<std::int64_t> ParseFdSet(std::string_view reply);

// qom-list: is one of the properties called so?
base::Result<bool> ParseHasName(std::string_view reply, std::string_view name);
// query-named-block-nodes
base::Result<std::vector<std::string>> ParseNodeNames(std::string_view reply);
// query-fdsets
base::Result<std::vector<std::int64_t>> ParseFdSets(std::string_view reply);

// query-hotpluggable-cpus, in the order in which a start fills the places.
struct CpuPlace {
    std::string device;            // {"driver":...} and where, for device_add
    bool taken = false;
};
base::Result<std::vector<CpuPlace>> ParseCpuPlaces(std::string_view reply);

}  // namespace backend::qemu::qmp
