// The performance counters that this host knows. Clients look their ids up by group, name
// and roll-up; within a group ids start where a host of VMware's has them.
//
// Only counters that are really measured are here: one that is always zero would be believed.
#pragma once

#include <span>
#include <string_view>

#include "vim/gen/perf.h"

namespace perf {

enum Counter : int {
    kCpuUsage = 1,
    kCpuUsageMhz = 5,
    kCpuUsed = 10,
    kCpuReady,
    kCpuWait,
    kCpuIdle,
    kCpuRun,
    kCpuReadiness,
    kCpuUtilization,
    kCpuReservedCapacity,
    kCpuTotalCapacity,
    kCpuDemand,

    kMemUsage = 65536 + 1,
    kMemGranted = 65536 + 5,
    kMemActive = 65536 + 9,
    kMemConsumed = 65536 + 13,
    kMemOverhead = 65536 + 17,
    kMemBalloon = 65536 + 21,
    kMemSwapped = 65536 + 25,
    kMemSwapUsed,
    kMemSwapInRate,
    kMemSwapOutRate,
    kMemTotalCapacity,
    kMemReservedCapacity,
    kMemSysUsage,

    kDiskUsage = 131072 + 1,
    kDiskRead = 131072 + 5,
    kDiskWrite,
    kDiskReads,
    kDiskWrites,
    kDiskCommands,
    kDiskReadCount,
    kDiskWriteCount,
    kDiskReadLatency,
    kDiskWriteLatency,
    kDiskMaxLatency,
    kDiskDeviceLatency,
    kDiskCapacity,
    kDiskUsed,
    kDiskProvisioned,
    kDiskUnshared,

    kNetUsage = 196608 + 1,
    kNetReceived = 196608 + 5,
    kNetTransmitted,
    kNetPacketsRx,
    kNetPacketsTx,
    kNetDroppedRx,
    kNetDroppedTx,
    kNetErrorsRx,
    kNetErrorsTx,
    kNetBytesRx,
    kNetBytesTx,

    kSysUptime = 262144 + 1,

    kResActive1 = 327680 + 1,
    kResActive5,
    kResActive15,
    kResRun1,
    kResRun5,
    kResRun15,
    kResSampleCount,
    kResSamplePeriod,

    kPower = 393216 + 1,
    kEnergy,

    kDatastoreReads = 458752 + 1,
    kDatastoreWrites,
    kDatastoreRead,
    kDatastoreWrite,
    kDatastoreReadLatency,
    kDatastoreWriteLatency,
    kDatastoreMaxLatency,

    kVirtualDiskReads = 524288 + 1,
    kVirtualDiskWrites,
    kVirtualDiskRead,
    kVirtualDiskWrite,
    kVirtualDiskReadLatency,
    kVirtualDiskWriteLatency,
};

struct CounterRow {
    Counter key;
    std::string_view group, name, label, summary, unit;
    vim::PerfSummaryType rollup;
    vim::PerfStatsType stats;
    int level, device_level;
};

std::span<const CounterRow> AllCounters();               // by rising key
const CounterRow* FindCounter(int key);                  // null: there is none

std::vector<vim::Ptr<vim::PerfCounterInfo>> PerfCounters();
vim::PerformanceManager NewManager(const vim::Ref& self);

}  // namespace perf
