// What the machine has done since it started: time of each processor, reads and writes of
// each disk, packets of each network card, swapping, energy. Counters only grow; whoever
// wants rates looks twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/machine.h"
#include "platform/system_text.h"

namespace platform {

struct DiskActivity {
    std::string name;                    // "sda"; whole disks and partitions alike
    std::int64_t reads = 0, writes = 0, read_bytes = 0, write_bytes = 0, read_ms = 0, write_ms = 0;
};
std::vector<DiskActivity> ParseDiskStats(std::string_view text);          // /proc/diskstats

struct NicActivity {
    std::string name;
    std::int64_t rx_bytes = 0, rx_packets = 0, rx_errors = 0, rx_dropped = 0;
    std::int64_t tx_bytes = 0, tx_packets = 0, tx_errors = 0, tx_dropped = 0;
};
std::vector<NicActivity> ParseNetDev(std::string_view text);              // /proc/net/dev

std::vector<CpuTicks> ParseEachCpu(std::string_view stat);                // /proc/stat, by number

struct Swapping {
    std::int64_t in_pages = 0, out_pages = 0;
};
Swapping ParseSwapping(std::string_view vmstat);                          // /proc/vmstat
std::int64_t ParseSwapUsed(std::string_view meminfo);                     // bytes

struct Activity {
    CpuTicks all;
    std::vector<CpuTicks> cpus;
    Memory memory;
    std::int64_t swap_used = 0;
    Swapping swapping;
    std::vector<DiskActivity> disks;
    std::vector<NicActivity> nics;
    std::optional<std::int64_t> energy_uj;                                // of the processor packages, where told
};

// Below `root`, as ReadMachine(). Blocks for a moment: /proc and /sys alone.
Activity ReadActivity(const std::string& root = "/");
// Of the machine of --sim, after it ran for `up`: moves as a busy one's does.
Activity SimActivity(const MachineFacts& machine, base::Duration up);

}  // namespace platform
