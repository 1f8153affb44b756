#include "backend/qemu/process_usage.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

std::int64_t Number(std::string_view text) { return base::ToInt(base::Trim(text)).value_or(0); }

std::vector<pid_t> FindVcpus(pid_t pid) {
    std::string folder = base::Cat("/proc/", pid, "/task");
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    std::map<int, pid_t> found;
    while (dirent* entry = dir ? readdir(dir.get()) : nullptr) {
        auto id = base::ToInt(entry->d_name);
        auto name =
            id ? rt::ReadFile(base::Cat(folder, '/', *id, "/comm"), 64) : base::Error{base::Code::kNotFound, ""};
        int cpu = name ? VcpuOfThread(base::Trim(*name)) : -1;
        if (cpu >= 0) found[cpu] = static_cast<pid_t>(*id);
    }
    std::vector<pid_t> out;
    for (auto [cpu, id] : found) out.push_back(id);
    return out;
}

bool ReadVcpus(const VcpuThreads& threads, std::vector<VcpuUsage>& out) {
    out.clear();
    for (pid_t id : threads.ids) {
        auto text = rt::ReadFile(base::Cat("/proc/", threads.pid, "/task/", id, "/schedstat"), 256);
        auto usage = text ? ParseSchedStat(*text) : std::nullopt;
        if (!usage) return false;
        out.push_back(*usage);
    }
    return !out.empty();
}

}  // namespace

std::optional<ProcessStat> ParseStat(std::string_view text) {
    auto name_end = text.rfind(')');                     // the name may hold anything
    if (name_end == std::string_view::npos) return {};
    auto fields = base::Split(text.substr(name_end + 1), ' ');
    constexpr std::size_t kUserTime = 12, kSystemTime = 13, kResident = 22;   // proc(5), counted from after the name
    if (fields.size() <= kResident) return {};
    return ProcessStat{Number(fields[kUserTime]) + Number(fields[kSystemTime]), Number(fields[kResident])};
}

std::optional<VcpuUsage> ParseSchedStat(std::string_view text) {
    auto fields = base::Split(base::Trim(text), ' ');
    if (fields.size() != 3) return {};
    auto ran = base::ToInt(fields[0]), waited = base::ToInt(fields[1]);
    if (!ran || !waited || *ran < 0 || *waited < 0) return {};
    return VcpuUsage{*ran / 1000, *waited / 1000};
}

int VcpuOfThread(std::string_view name) {
    if (!name.starts_with("CPU ")) return -1;
    auto number = base::ToInt(name.substr(4, name.find('/') == std::string_view::npos ? 0 : name.find('/') - 4));
    return number && *number >= 0 && *number < 4096 ? static_cast<int>(*number) : -1;
}

std::int64_t ParseSwapped(std::string_view status) {
    for (std::string_view line : base::Split(status, '\n'))
        if (line.starts_with("VmSwap:")) return Number(line.substr(7, line.find(" kB") - 7)) * 1024;
    return 0;
}

base::Result<Usage> ReadProcessUsage(pid_t pid, VcpuThreads& threads) {
    TRY(text, rt::ReadFile(base::Cat("/proc/", pid, "/stat"), 8192));
    auto stat = ParseStat(text);
    if (!stat) return base::Error{base::Code::kInternal, "/proc/<pid>/stat has another form"};
    Usage usage;
    usage.cpu_us = stat->cpu_ticks * 1'000'000 / sysconf(_SC_CLK_TCK);
    usage.resident_bytes = stat->resident_pages * sysconf(_SC_PAGESIZE);
    constexpr int kLookAgain = 15;       // reads: a processor that was plugged in is seen within five minutes
    bool known = threads.pid == pid && threads.reads++ < kLookAgain && ReadVcpus(threads, usage.vcpus);
    if (!known) {
        threads = {.pid = pid, .ids = FindVcpus(pid)};
        if (!ReadVcpus(threads, usage.vcpus)) usage.vcpus.clear();
    }
    if (auto status = rt::ReadFile(base::Cat("/proc/", pid, "/status"), 16384))
        usage.swapped_bytes = ParseSwapped(*status);
    return usage;
}

}  // namespace backend::qemu
