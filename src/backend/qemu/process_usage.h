// What the kernel says of the process of one VM: time of each of its processors, memory.
// ReadProcessUsage() blocks, on /proc alone; the rest are pure functions over text.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/hypervisor.h"

namespace backend::qemu {

// /proc/<pid>/stat: the processor time that all its threads took; memory that is there.
struct ProcessStat {
    std::int64_t cpu_ticks = 0, resident_pages = 0;
};
std::optional<ProcessStat> ParseStat(std::string_view text);
// /proc/<pid>/task/<tid>/schedstat: it ran, it waited for a processor.
std::optional<VcpuUsage> ParseSchedStat(std::string_view text);
// "CPU 3/KVM": which of the VM's processors a thread is; -1: none.
int VcpuOfThread(std::string_view name);
std::int64_t ParseSwapped(std::string_view status);              // VmSwap of /proc/<pid>/status, bytes

// The threads that are the VM's processors, in their order. Looked for once, and again when
// one of them has gone: processors come and go with hot-plug.
struct VcpuThreads {
    pid_t pid = 0;
    std::vector<pid_t> ids;
    int reads = 0;                   // since they were looked for
};

base::Result<Usage> ReadProcessUsage(pid_t pid, VcpuThreads& threads);

}  // namespace backend::qemu
