// How busy the machine is, between two looks at it. Read on demand; keeps no thread.
#pragma once

#include <cstdint>
#include <string>

#include "platform/system_text.h"

namespace platform {

struct Usage {
    int cpu_mhz = 0;                 // of all processors together
    int memory_mb = 0;               // in use, without what the kernel would give back
};

// The usage between two readings of a machine of `total_mhz`.
Usage UsageBetween(const CpuTicks& before, const CpuTicks& after, const Memory& memory, std::int64_t total_mhz);

class UsageReader {
public:
    UsageReader(std::int64_t total_mhz, std::string root = "/");
    Usage Read();                    // since the last Read(), or since the start
    const Memory& memory() const { return memory_; }   // as Read() saw it

private:
    std::string root_;
    std::int64_t total_mhz_;
    CpuTicks last_;
    Memory memory_;
};

}  // namespace platform
