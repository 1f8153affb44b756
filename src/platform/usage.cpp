#include "platform/usage.h"

#include "platform/linux/tree.h"

namespace platform {

Usage UsageBetween(const CpuTicks& before, const CpuTicks& after, const Memory& memory, std::int64_t total_mhz) {
    Usage u;
    // Counters of a stopped and restarted machine may run backwards: then nothing is known.
    if (after.total > before.total && after.busy >= before.busy) {
        const double share =
            static_cast<double>(after.busy - before.busy) / static_cast<double>(after.total - before.total);
        u.cpu_mhz = static_cast<int>(share * static_cast<double>(total_mhz));
    }
    u.memory_mb = static_cast<int>(std::max<std::int64_t>(memory.total - memory.available, 0) >> 20);
    return u;
}

UsageReader::UsageReader(std::int64_t total_mhz, std::string root) : root_(std::move(root)), total_mhz_(total_mhz) {
    Read();
}

Usage UsageReader::Read() {
    const Tree tree(root_);
    const auto now = ParseCpuTicks(tree.Text("proc/stat"));
    memory_ = ParseMemInfo(tree.Text("proc/meminfo"));
    const auto usage = UsageBetween(last_, now, memory_, total_mhz_);
    last_ = now;
    return usage;
}

}  // namespace platform
