#include "perf/counters.h"

#include <algorithm>

#include "perf/intervals.h"
#include "vim/gen/service.h"

namespace perf {
namespace {

using enum vim::PerfSummaryType;
using enum vim::PerfStatsType;

constexpr CounterRow kRows[] = {
    {kCpuUsage, "cpu", "usage", "Usage", "CPU usage as a percentage during the interval", "percent", kAverage, kRate, 1,
     3},
    {kCpuUsageMhz, "cpu", "usagemhz", "Usage in MHz", "CPU usage in megahertz during the interval", "megaHertz",
     kAverage, kRate, 1, 3},
    {kCpuUsed, "cpu", "used", "Used", "Time that the CPU was used", "millisecond", kSummation, kDelta, 3, 3},
    {kCpuReady, "cpu", "ready", "Ready", "Time that the virtual machine was ready, but could not run", "millisecond",
     kSummation, kDelta, 1, 3},
    {kCpuWait, "cpu", "wait", "Wait", "Time that the virtual machine waited, idle time included", "millisecond",
     kSummation, kDelta, 3, 3},
    {kCpuIdle, "cpu", "idle", "Idle", "Time that the CPU was idle", "millisecond", kSummation, kDelta, 2, 3},
    {kCpuRun, "cpu", "run", "Run", "Time that the virtual machine was scheduled to run", "millisecond", kSummation,
     kDelta, 2, 3},
    {kCpuReadiness, "cpu", "readiness", "Readiness", "Ready time as a percentage of the interval", "percent", kAverage,
     kRate, 4, 4},
    {kCpuUtilization, "cpu", "utilization", "Utilization", "CPU utilization as a percentage during the interval",
     "percent", kAverage, kRate, 2, 3},
    {kCpuReservedCapacity, "cpu", "reservedCapacity", "Reserved capacity", "CPU capacity reserved by virtual machines",
     "megaHertz", kAverage, kAbsolute, 2, 3},
    {kCpuTotalCapacity, "cpu", "totalCapacity", "Total capacity", "CPU capacity for virtual machines", "megaHertz",
     kAverage, kAbsolute, 2, 3},
    {kCpuDemand, "cpu", "demand", "Demand", "CPU that the virtual machine would use without contention", "megaHertz",
     kAverage, kAbsolute, 2, 3},
    {kMemUsage, "mem", "usage", "Usage", "Memory usage as a percentage of configured or available memory", "percent",
     kAverage, kAbsolute, 1, 3},
    {kMemGranted, "mem", "granted", "Granted", "Memory granted to virtual machines", "kiloBytes", kAverage, kAbsolute,
     2, 3},
    {kMemActive, "mem", "active", "Active", "Memory that was used lately", "kiloBytes", kAverage, kAbsolute, 2, 3},
    {kMemConsumed, "mem", "consumed", "Consumed", "Host memory in use", "kiloBytes", kAverage, kAbsolute, 1, 3},
    {kMemOverhead, "mem", "overhead", "Overhead consumed", "Host memory in use beside the guest's own", "kiloBytes",
     kAverage, kAbsolute, 1, 1},
    {kMemBalloon, "mem", "vmmemctl", "Ballooned memory", "Memory that was reclaimed by a balloon in the guest",
     "kiloBytes", kAverage, kAbsolute, 1, 3},
    {kMemSwapped, "mem", "swapped", "Swapped", "Guest memory that the host swapped out", "kiloBytes", kAverage,
     kAbsolute, 2, 3},
    {kMemSwapUsed, "mem", "swapused", "Swap consumed", "Swap space in use", "kiloBytes", kAverage, kAbsolute, 2, 3},
    {kMemSwapInRate, "mem", "swapinRate", "Swap in rate", "Rate at which memory is swapped in", "kiloBytesPerSecond",
     kAverage, kRate, 1, 3},
    {kMemSwapOutRate, "mem", "swapoutRate", "Swap out rate", "Rate at which memory is swapped out",
     "kiloBytesPerSecond", kAverage, kRate, 1, 3},
    {kMemTotalCapacity, "mem", "totalCapacity", "Total capacity", "Memory for virtual machines", "megaBytes", kAverage,
     kAbsolute, 2, 3},
    {kMemReservedCapacity, "mem", "reservedCapacity", "Reserved capacity", "Memory reserved by virtual machines",
     "megaBytes", kAverage, kAbsolute, 2, 3},
    {kMemSysUsage, "mem", "sysUsage", "System usage", "Memory that the host itself uses", "kiloBytes", kAverage,
     kAbsolute, 2, 3},
    {kDiskUsage, "disk", "usage", "Usage", "Data read and written", "kiloBytesPerSecond", kAverage, kRate, 1, 3},
    {kDiskRead, "disk", "read", "Read rate", "Data read", "kiloBytesPerSecond", kAverage, kRate, 2, 3},
    {kDiskWrite, "disk", "write", "Write rate", "Data written", "kiloBytesPerSecond", kAverage, kRate, 2, 3},
    {kDiskReads, "disk", "numberReadAveraged", "Average read requests per second", "Reads a second", "number", kAverage,
     kRate, 1, 3},
    {kDiskWrites, "disk", "numberWriteAveraged", "Average write requests per second", "Writes a second", "number",
     kAverage, kRate, 1, 3},
    {kDiskCommands, "disk", "commandsAveraged", "Average commands issued per second", "Reads and writes a second",
     "number", kAverage, kRate, 2, 3},
    {kDiskReadCount, "disk", "numberRead", "Read requests", "Reads during the interval", "number", kSummation, kDelta,
     3, 3},
    {kDiskWriteCount, "disk", "numberWrite", "Write requests", "Writes during the interval", "number", kSummation,
     kDelta, 3, 3},
    {kDiskReadLatency, "disk", "totalReadLatency", "Read latency", "Average time of a read", "millisecond", kAverage,
     kAbsolute, 2, 3},
    {kDiskWriteLatency, "disk", "totalWriteLatency", "Write latency", "Average time of a write", "millisecond",
     kAverage, kAbsolute, 2, 3},
    {kDiskMaxLatency, "disk", "maxTotalLatency", "Highest latency", "Highest latency of all disks", "millisecond",
     kLatest, kAbsolute, 1, 3},
    {kDiskDeviceLatency, "disk", "deviceLatency", "Physical device command latency",
     "Average time of a command at the device", "millisecond", kAverage, kAbsolute, 1, 3},
    {kDiskCapacity, "disk", "capacity", "Capacity", "Capacity of the datastore", "kiloBytes", kLatest, kAbsolute, 1, 3},
    {kDiskUsed, "disk", "used", "Space actually used", "Space in use", "kiloBytes", kLatest, kAbsolute, 1, 3},
    {kDiskProvisioned, "disk", "provisioned", "Space potentially used", "Space that may come into use", "kiloBytes",
     kLatest, kAbsolute, 1, 3},
    {kDiskUnshared, "disk", "unshared", "Space not shared", "Space that belongs to one virtual machine alone",
     "kiloBytes", kLatest, kAbsolute, 1, 3},
    {kNetUsage, "net", "usage", "Usage", "Data received and sent", "kiloBytesPerSecond", kAverage, kRate, 1, 3},
    {kNetReceived, "net", "received", "Data receive rate", "Data received", "kiloBytesPerSecond", kAverage, kRate, 2,
     3},
    {kNetTransmitted, "net", "transmitted", "Data transmit rate", "Data sent", "kiloBytesPerSecond", kAverage, kRate, 2,
     3},
    {kNetPacketsRx, "net", "packetsRx", "Packets received", "Packets received during the interval", "number",
     kSummation, kDelta, 2, 3},
    {kNetPacketsTx, "net", "packetsTx", "Packets transmitted", "Packets sent during the interval", "number", kSummation,
     kDelta, 2, 3},
    {kNetDroppedRx, "net", "droppedRx", "Receive packets dropped", "Received packets that were dropped", "number",
     kSummation, kDelta, 2, 3},
    {kNetDroppedTx, "net", "droppedTx", "Transmit packets dropped", "Packets to send that were dropped", "number",
     kSummation, kDelta, 2, 3},
    {kNetErrorsRx, "net", "errorsRx", "Packet receive errors", "Packets received with errors", "number", kSummation,
     kDelta, 2, 3},
    {kNetErrorsTx, "net", "errorsTx", "Packet transmit errors", "Packets that could not be sent", "number", kSummation,
     kDelta, 2, 3},
    {kNetBytesRx, "net", "bytesRx", "Data receive rate", "Data received", "kiloBytesPerSecond", kAverage, kRate, 2, 3},
    {kNetBytesTx, "net", "bytesTx", "Data transmit rate", "Data sent", "kiloBytesPerSecond", kAverage, kRate, 2, 3},
    {kSysUptime, "sys", "uptime", "Uptime", "Time since the last start", "second", kLatest, kAbsolute, 1, 1},
    {kResActive1, "rescpu", "actav1", "Active (1 min average)", "CPU active average over one minute", "percent",
     kLatest, kAbsolute, 3, 4},
    {kResActive5, "rescpu", "actav5", "Active (5 min average)", "CPU active average over five minutes", "percent",
     kLatest, kAbsolute, 3, 4},
    {kResActive15, "rescpu", "actav15", "Active (15 min average)", "CPU active average over fifteen minutes", "percent",
     kLatest, kAbsolute, 3, 4},
    {kResRun1, "rescpu", "runav1", "Running (1 min average)", "CPU running average over one minute", "percent", kLatest,
     kAbsolute, 3, 4},
    {kResRun5, "rescpu", "runav5", "Running (5 min average)", "CPU running average over five minutes", "percent",
     kLatest, kAbsolute, 3, 4},
    {kResRun15, "rescpu", "runav15", "Running (15 min average)", "CPU running average over fifteen minutes", "percent",
     kLatest, kAbsolute, 3, 4},
    {kResSampleCount, "rescpu", "sampleCount", "Group CPU sample count", "Samples in the averages", "number", kLatest,
     kAbsolute, 3, 4},
    {kResSamplePeriod, "rescpu", "samplePeriod", "Group CPU sample period", "Time between two samples", "millisecond",
     kLatest, kAbsolute, 3, 4},
    {kPower, "power", "power", "Usage", "Power that the processors take", "watt", kAverage, kRate, 2, 3},
    {kEnergy, "power", "energy", "Energy usage", "Energy that the processors took during the interval", "joule",
     kSummation, kDelta, 3, 3},
    {kDatastoreReads, "datastore", "numberReadAveraged", "Average read requests per second",
     "Reads of the datastore a second", "number", kAverage, kRate, 1, 3},
    {kDatastoreWrites, "datastore", "numberWriteAveraged", "Average write requests per second",
     "Writes of the datastore a second", "number", kAverage, kRate, 1, 3},
    {kDatastoreRead, "datastore", "read", "Read rate", "Data read from the datastore", "kiloBytesPerSecond", kAverage,
     kRate, 2, 3},
    {kDatastoreWrite, "datastore", "write", "Write rate", "Data written to the datastore", "kiloBytesPerSecond",
     kAverage, kRate, 2, 3},
    {kDatastoreReadLatency, "datastore", "totalReadLatency", "Read latency",
     "Average time of a read from the datastore", "millisecond", kAverage, kAbsolute, 1, 3},
    {kDatastoreWriteLatency, "datastore", "totalWriteLatency", "Write latency",
     "Average time of a write to the datastore", "millisecond", kAverage, kAbsolute, 1, 3},
    {kDatastoreMaxLatency, "datastore", "maxTotalLatency", "Highest latency", "Highest latency of all datastores",
     "millisecond", kLatest, kAbsolute, 3, 3},
    {kVirtualDiskReads, "virtualDisk", "numberReadAveraged", "Average read requests per second",
     "Reads of the virtual disk a second", "number", kAverage, kRate, 1, 3},
    {kVirtualDiskWrites, "virtualDisk", "numberWriteAveraged", "Average write requests per second",
     "Writes of the virtual disk a second", "number", kAverage, kRate, 1, 3},
    {kVirtualDiskRead, "virtualDisk", "read", "Read rate", "Data read from the virtual disk", "kiloBytesPerSecond",
     kAverage, kRate, 2, 2},
    {kVirtualDiskWrite, "virtualDisk", "write", "Write rate", "Data written to the virtual disk", "kiloBytesPerSecond",
     kAverage, kRate, 2, 2},
    {kVirtualDiskReadLatency, "virtualDisk", "totalReadLatency", "Read latency",
     "Average time of a read from the virtual disk", "millisecond", kAverage, kAbsolute, 1, 3},
    {kVirtualDiskWriteLatency, "virtualDisk", "totalWriteLatency", "Write latency",
     "Average time of a write to the virtual disk", "millisecond", kAverage, kAbsolute, 1, 3},
};

struct Words {
    std::string_view key, label, summary;
};
constexpr Words kGroups[] = {{"cpu", "CPU", "CPU"},
                             {"mem", "Memory", "Memory"},
                             {"disk", "Disk", "Disk"},
                             {"net", "Network", "Network"},
                             {"sys", "System", "System"},
                             {"rescpu", "Resource group CPU", "Resource group CPU"},
                             {"power", "Power", "Power"},
                             {"datastore", "Datastore", "Datastore"},
                             {"virtualDisk", "Virtual disk", "Virtual disk"}};
constexpr Words kUnits[] = {{"percent", "%", "Percentage"},
                            {"megaHertz", "MHz", "Megahertz"},
                            {"millisecond", "ms", "Millisecond"},
                            {"kiloBytes", "KB", "Kilobytes"},
                            {"megaBytes", "MB", "Megabytes"},
                            {"kiloBytesPerSecond", "KBps", "Kilobytes per second"},
                            {"second", "s", "Second"},
                            {"number", "num", "Number"},
                            {"watt", "W", "Watt"},
                            {"joule", "J", "Joule"}};

vim::Ptr<vim::ElementDescription> Describe(std::string_view key, std::string_view label, std::string_view summary) {
    vim::ElementDescription d;
    d.key = key;
    d.label = label;
    d.summary = summary;
    return d;
}

template <std::size_t N> vim::Ptr<vim::ElementDescription> Named(const Words (&table)[N], std::string_view key) {
    for (const auto& w : table)
        if (w.key == key) return Describe(w.key, w.label, w.summary);
    return Describe(key, key, key);
}

vim::Ptr<vim::PerfCounterInfo> Info(const CounterRow& row) {
    vim::PerfCounterInfo c;
    c.key = row.key;
    c.name_info = Describe(row.name, row.label, row.summary);
    c.group_info = Named(kGroups, row.group);
    c.unit_info = Named(kUnits, row.unit);
    c.rollup_type = row.rollup;
    c.stats_type = row.stats;
    c.level = row.level;
    c.per_device_level = row.device_level;
    return c;
}

}  // namespace

std::span<const CounterRow> AllCounters() { return kRows; }

const CounterRow* FindCounter(int key) {
    auto at = std::lower_bound(std::begin(kRows), std::end(kRows), key,
                               [](const CounterRow& row, int wanted) { return row.key < wanted; });
    return at != std::end(kRows) && at->key == key ? &*at : nullptr;
}

std::vector<vim::Ptr<vim::PerfCounterInfo>> PerfCounters() {
    std::vector<vim::Ptr<vim::PerfCounterInfo>> out;
    for (const CounterRow& row : kRows) out.push_back(Info(row));
    return out;
}

vim::PerformanceManager NewManager(const vim::Ref& self) {
    vim::PerformanceManager m;
    m.self = self;
    auto& d = m.description.Mut();
    for (std::string_view t : {"average", "maximum", "minimum", "latest", "summation", "none"})
        d.counter_type.push_back(Describe(t, t, t));
    for (std::string_view t : {"absolute", "delta", "rate"}) d.stats_type.push_back(Describe(t, t, t));
    m.perf_counter = PerfCounters();
    m.historical_interval = UsualIntervals();
    return m;
}

}  // namespace perf
