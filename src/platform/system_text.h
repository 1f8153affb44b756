// What the kernel and the system's small files say about memory, time, names and
// routes, as values: pure functions over text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace platform {

struct Memory {
    std::int64_t total = 0, available = 0;   // bytes
};
Memory ParseMemInfo(std::string_view text);                  // /proc/meminfo
std::int64_t ParseNodeMemory(std::string_view text);         // /sys/.../nodeN/meminfo, bytes

struct CpuTicks {
    std::uint64_t busy = 0, total = 0;
};
CpuTicks ParseCpuTicks(std::string_view stat);               // /proc/stat, all processors
base::Time ParseBootTime(std::string_view stat);             // /proc/stat

std::string ParseOsName(std::string_view os_release);        // PRETTY_NAME, unquoted

// A DMI text without what board makers leave in unfilled fields ("To Be Filled By
// O.E.M.", "None", a row of zeros).
std::string CleanDmi(std::string_view text);
base::Time ParseBiosDate(std::string_view text);             // "04/01/2014"; epoch when it is none

struct Resolver {
    std::vector<std::string> servers, search;
    std::string domain;
};
Resolver ParseResolvConf(std::string_view text);

struct Gateway {
    std::string address, interface;
};
std::optional<Gateway> ParseRoutes4(std::string_view text);  // /proc/net/route
std::optional<Gateway> ParseRoutes6(std::string_view text);  // /proc/net/ipv6_route

struct Mount {
    std::string device, type, point;
    bool read_only = false;
};
// The mount that holds `path` (absolute, resolved), of /proc/self/mountinfo.
std::optional<Mount> FindMount(std::string_view mountinfo, std::string_view path);

}  // namespace platform
