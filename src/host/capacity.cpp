#include "host/capacity.h"

#include <algorithm>

namespace host {

Capacity CapacityOf(const platform::MachineFacts& machine, const HostOptions& options) {
    constexpr std::int64_t kMib = 1 << 20;
    Capacity c;
    c.total_mhz = machine.cpu.hz / 1'000'000 * machine.cpu.cores;
    // The host itself keeps a twentieth of the processors, at most one core's worth.
    c.vm_mhz = c.total_mhz - std::min(c.total_mhz / 20, machine.cpu.hz / 1'000'000);
    c.total_bytes = machine.memory_bytes;
    const auto kept = options.reserved_memory_mb > 0 ? options.reserved_memory_mb * kMib
                                                     : std::clamp(c.total_bytes / 16, 256 * kMib, 4096 * kMib);
    c.vm_bytes = std::max<std::int64_t>(c.total_bytes - kept, 0);
    return c;
}

}  // namespace host
