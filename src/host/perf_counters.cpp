#include "host/perf_counters.h"

#include "host/ids.h"
#include "host/make.h"

namespace host {
namespace {

using enum vim::PerfSummaryType;
using enum vim::PerfStatsType;

struct Row {
    int key;
    std::string_view group, name, label, summary, unit;
    vim::PerfSummaryType rollup;
    vim::PerfStatsType stats;
    int level;
};

constexpr int kCpu = 0, kMem = 65536, kDisk = 131072, kNet = 196608, kSys = 262144;

constexpr Row kRows[] = {
    {kCpu + 1, "cpu", "usage", "Usage", "CPU usage as a percentage during the interval", "percent", kAverage, kRate, 1},
    {kCpu + 5, "cpu", "usagemhz", "Usage in MHz", "CPU usage in megahertz during the interval", "megaHertz", kAverage,
     kRate, 1},
    {kCpu + 10, "cpu", "used", "Used", "Time that the CPU was used", "millisecond", kSummation, kDelta, 3},
    {kCpu + 11, "cpu", "ready", "Ready", "Time that the virtual machine was ready, but could not run", "millisecond",
     kSummation, kDelta, 1},
    {kCpu + 13, "cpu", "idle", "Idle", "Time that the CPU was idle", "millisecond", kSummation, kDelta, 2},
    {kMem + 1, "mem", "usage", "Usage", "Memory usage as a percentage of configured or available memory", "percent",
     kAverage, kAbsolute, 1},
    {kMem + 5, "mem", "granted", "Granted", "Memory granted to virtual machines", "kiloBytes", kAverage, kAbsolute, 2},
    {kMem + 9, "mem", "active", "Active", "Memory that is actively used", "kiloBytes", kAverage, kAbsolute, 2},
    {kMem + 13, "mem", "consumed", "Consumed", "Host memory in use", "kiloBytes", kAverage, kAbsolute, 1},
    {kDisk + 1, "disk", "usage", "Usage", "Data read and written", "kiloBytesPerSecond", kAverage, kRate, 1},
    {kDisk + 5, "disk", "read", "Read rate", "Data read", "kiloBytesPerSecond", kAverage, kRate, 2},
    {kDisk + 6, "disk", "write", "Write rate", "Data written", "kiloBytesPerSecond", kAverage, kRate, 2},
    {kNet + 1, "net", "usage", "Usage", "Data received and sent", "kiloBytesPerSecond", kAverage, kRate, 1},
    {kNet + 5, "net", "received", "Data receive rate", "Data received", "kiloBytesPerSecond", kAverage, kRate, 2},
    {kNet + 6, "net", "transmitted", "Data transmit rate", "Data sent", "kiloBytesPerSecond", kAverage, kRate, 2},
    {kSys + 1, "sys", "uptime", "Uptime", "Time since the last start", "second", kLatest, kAbsolute, 1},
};

struct Words {
    std::string_view key, label, summary;
};
constexpr Words kGroups[] = {{"cpu", "CPU", "CPU"},
                             {"mem", "Memory", "Memory"},
                             {"disk", "Disk", "Disk"},
                             {"net", "Network", "Network"},
                             {"sys", "System", "System"}};
constexpr Words kUnits[] = {{"percent", "%", "Percentage"},
                            {"megaHertz", "MHz", "Megahertz"},
                            {"millisecond", "ms", "Millisecond"},
                            {"kiloBytes", "KB", "Kilobytes"},
                            {"kiloBytesPerSecond", "KBps", "Kilobytes per second"},
                            {"second", "s", "Second"}};

template <std::size_t N> vim::Ptr<vim::ElementDescription> Named(const Words (&table)[N], std::string_view key) {
    for (const auto& w : table)
        if (w.key == key) return Describe(w.key, w.label, w.summary);
    return Describe(key);
}

}  // namespace

std::vector<vim::Ptr<vim::PerfCounterInfo>> PerfCounters() {
    std::vector<vim::Ptr<vim::PerfCounterInfo>> out;
    for (const auto& row : kRows) {
        vim::PerfCounterInfo c;
        c.key = row.key;
        c.name_info = Describe(row.name, row.label, row.summary);
        c.group_info = Named(kGroups, row.group);
        c.unit_info = Named(kUnits, row.unit);
        c.rollup_type = row.rollup;
        c.stats_type = row.stats;
        c.level = row.level;
        c.per_device_level = 3;
        out.push_back(std::move(c));
    }
    return out;
}

vim::PerformanceManager Performance() {
    vim::PerformanceManager m;
    m.self = PerformanceManagerRef();
    auto& d = m.description.Mut();
    for (std::string_view t : {"average", "maximum", "minimum", "latest", "summation", "none"})
        d.counter_type.push_back(Describe(t));
    for (std::string_view t : {"absolute", "delta", "rate"}) d.stats_type.push_back(Describe(t));
    vim::PerfInterval day;
    day.key = 1;
    day.sampling_period = 300;
    day.name = "PastDay";
    day.length = 86400;
    day.level = 1;
    day.enabled = true;
    m.historical_interval.push_back(std::move(day));
    m.perf_counter = PerfCounters();
    return m;
}

}  // namespace host
