#include "vm/readings.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "perf/counters.h"

namespace vm {
namespace {

using namespace perf;
using backend::DiskUsage;
using backend::Usage;

constexpr std::int64_t kIntervalUs = kRealTime * 1'000'000ll;

// What came between two looks at one counter; a counter that fell began anew.
struct Between {
    std::int64_t passed_us;
    std::int64_t Delta(std::int64_t now, std::int64_t before) const { return now < before ? now : now - before; }
    // ... of what a guest says, who may say anything.
    std::int64_t Bounded(std::int64_t now, std::int64_t before, std::int64_t most) const {
        return std::clamp<std::int64_t>(Delta(now, before), 0, most);
    }
    std::int64_t PerSecond(std::int64_t delta) const { return delta * 1'000'000 / passed_us; }
    std::int64_t InInterval(std::int64_t delta) const { return delta * kIntervalUs / passed_us; }
};

class Sheet {
public:
    void Put(int counter, std::string instance, std::int64_t value) {
        out.push_back({counter, std::move(instance), std::max<std::int64_t>(value, 0)});
    }
    std::vector<Reading> out;
};

void AddMemory(Sheet& s, const Usage& now, const Sizes& sizes) {
    std::int64_t resident = now.resident_bytes >> 10;
    std::int64_t granted = std::min(resident, sizes.memory_kb);
    std::int64_t active = now.active_bytes < 0 ? granted : std::min(now.active_bytes >> 10, granted);
    s.Put(kMemUsage, "", sizes.memory_kb ? active * 10'000 / sizes.memory_kb : 0);
    s.Put(kMemGranted, "", granted);
    s.Put(kMemActive, "", active);
    s.Put(kMemConsumed, "", resident);
    s.Put(kMemOverhead, "", resident - granted);
    s.Put(kMemBalloon, "", 0);                           // no VM has a balloon
    s.Put(kMemSwapped, "", now.swapped_bytes >> 10);
}

void AddCpu(Sheet& s, const Usage& now, const Usage& before, const Between& b, const Sizes& sizes) {
    std::int64_t used = b.Delta(now.cpu_us, before.cpu_us), all = b.passed_us * sizes.cpus;
    std::int64_t ready = 0, run = 0;
    for (std::size_t i = 0; i < now.vcpus.size() && i < before.vcpus.size(); ++i) {
        std::int64_t ran = std::min(b.Delta(now.vcpus[i].run_us, before.vcpus[i].run_us), b.passed_us);
        std::int64_t waited = std::min(b.Delta(now.vcpus[i].ready_us, before.vcpus[i].ready_us), b.passed_us - ran);
        run += ran, ready += waited;
        std::int64_t idle = b.InInterval(b.passed_us - ran - waited) / 1000;
        std::string cpu = base::Cat(i);
        s.Put(kCpuUsageMhz, cpu, ran * sizes.core_mhz / b.passed_us);
        s.Put(kCpuUsed, cpu, b.InInterval(ran) / 1000);
        s.Put(kCpuRun, cpu, b.InInterval(ran) / 1000);
        s.Put(kCpuReady, cpu, b.InInterval(waited) / 1000);
        s.Put(kCpuWait, cpu, idle);
        s.Put(kCpuIdle, cpu, idle);
    }
    s.Put(kCpuUsage, "", std::min<std::int64_t>(used * 10'000 / all, 10'000));
    s.Put(kCpuUsageMhz, "", used * sizes.core_mhz / b.passed_us);
    s.Put(kCpuDemand, "", (used + ready) * sizes.core_mhz / b.passed_us);
    s.Put(kCpuUsed, "", b.InInterval(used) / 1000);
    if (now.vcpus.empty() || before.vcpus.empty()) return;
    std::int64_t idle = b.InInterval(all - run - ready) / 1000;
    s.Put(kCpuRun, "", b.InInterval(run) / 1000);
    s.Put(kCpuReady, "", b.InInterval(ready) / 1000);
    s.Put(kCpuReadiness, "", ready * 10'000 / all);
    s.Put(kCpuWait, "", idle);
    s.Put(kCpuIdle, "", idle);
}

DiskUsage Minus(const DiskUsage& now, const DiskUsage& before, const Between& b) {
    return {now.key,
            b.Delta(now.reads, before.reads),
            b.Delta(now.writes, before.writes),
            b.Delta(now.read_bytes, before.read_bytes),
            b.Delta(now.write_bytes, before.write_bytes),
            b.Delta(now.read_us, before.read_us),
            b.Delta(now.write_us, before.write_us)};
}

void Sum(DiskUsage& into, const DiskUsage& d) {
    into.reads += d.reads, into.writes += d.writes;
    into.read_bytes += d.read_bytes, into.write_bytes += d.write_bytes;
    into.read_us += d.read_us, into.write_us += d.write_us;
}

std::int64_t LatencyMs(std::int64_t us, std::int64_t operations) { return operations ? us / operations / 1000 : 0; }
std::int64_t LatencyMs(const DiskUsage& d) { return LatencyMs(d.read_us + d.write_us, d.reads + d.writes); }

// The six counters that a virtual disk and a datastore have in common, in their own numbers.
struct SixCounters {
    int reads, writes, read, write, read_latency, write_latency;
};

void AddSix(Sheet& s, const SixCounters& c, const std::string& instance, const DiskUsage& d, const Between& b) {
    s.Put(c.reads, instance, b.PerSecond(d.reads));
    s.Put(c.writes, instance, b.PerSecond(d.writes));
    s.Put(c.read, instance, b.PerSecond(d.read_bytes) / 1024);
    s.Put(c.write, instance, b.PerSecond(d.write_bytes) / 1024);
    s.Put(c.read_latency, instance, LatencyMs(d.read_us, d.reads));
    s.Put(c.write_latency, instance, LatencyMs(d.write_us, d.writes));
}

void AddDiskTotals(Sheet& s, const DiskUsage& d, std::int64_t highest_ms, const Between& b) {
    s.Put(kDiskUsage, "", b.PerSecond(d.read_bytes + d.write_bytes) / 1024);
    s.Put(kDiskRead, "", b.PerSecond(d.read_bytes) / 1024);
    s.Put(kDiskWrite, "", b.PerSecond(d.write_bytes) / 1024);
    s.Put(kDiskReads, "", b.PerSecond(d.reads));
    s.Put(kDiskWrites, "", b.PerSecond(d.writes));
    s.Put(kDiskCommands, "", b.PerSecond(d.reads + d.writes));
    s.Put(kDiskReadCount, "", b.InInterval(d.reads));
    s.Put(kDiskWriteCount, "", b.InInterval(d.writes));
    s.Put(kDiskMaxLatency, "", highest_ms);
}

void AddDisks(Sheet& s, const Usage& now, const Usage& before, const Between& b, const std::vector<DiskPlace>& places) {
    constexpr SixCounters kOfDisk{kVirtualDiskReads, kVirtualDiskWrites,      kVirtualDiskRead,
                                  kVirtualDiskWrite, kVirtualDiskReadLatency, kVirtualDiskWriteLatency};
    constexpr SixCounters kOfStore{kDatastoreReads, kDatastoreWrites,      kDatastoreRead,
                                   kDatastoreWrite, kDatastoreReadLatency, kDatastoreWriteLatency};
    DiskUsage total;
    std::map<std::string, DiskUsage> stores;
    std::int64_t highest = 0, highest_store = 0;
    for (const DiskUsage& disk : now.disks) {
        auto place = std::find_if(places.begin(), places.end(), [&](const DiskPlace& p) { return p.key == disk.key; });
        auto was = std::find_if(before.disks.begin(), before.disks.end(),
                                [&](const DiskUsage& d) { return d.key == disk.key; });
        if (place == places.end() || was == before.disks.end()) continue;    // no disk of ours, or new
        DiskUsage d = Minus(disk, *was, b);
        Sum(total, d);
        highest = std::max(highest, LatencyMs(d));
        if (!place->slot.empty()) AddSix(s, kOfDisk, place->slot, d, b);
        if (!place->datastore.empty()) Sum(stores[place->datastore], d);
    }
    AddDiskTotals(s, total, highest, b);
    for (const auto& [id, d] : stores) {
        AddSix(s, kOfStore, id, d, b);
        highest_store = std::max(highest_store, LatencyMs(d));
    }
    if (!stores.empty()) s.Put(kDatastoreMaxLatency, "", highest_store);
}

void AddNicCounters(Sheet& s, const std::string& instance, const backend::NicUsage& n, const Between& b) {
    std::int64_t received = b.PerSecond(n.received_bytes) / 1024, sent = b.PerSecond(n.sent_bytes) / 1024;
    s.Put(kNetUsage, instance, received + sent);
    s.Put(kNetReceived, instance, received);
    s.Put(kNetTransmitted, instance, sent);
    s.Put(kNetBytesRx, instance, received);
    s.Put(kNetBytesTx, instance, sent);
    s.Put(kNetPacketsRx, instance, b.InInterval(n.received_packets));
    s.Put(kNetPacketsTx, instance, b.InInterval(n.sent_packets));
}

// Of one adapter between two looks: more than any carries.
constexpr std::int64_t kMostBytes = 500'000'000'000, kMostPackets = 1'000'000'000;

// A VM whose adapters nobody counts has no network counters: zeros would be a lie.
void AddNics(Sheet& s, const Usage& now, const Usage& before, const Between& b) {
    backend::NicUsage total;
    bool any = false;
    for (const backend::NicUsage& nic : now.nics) {
        auto was = std::find_if(before.nics.begin(), before.nics.end(),
                                [&](const backend::NicUsage& n) { return n.key == nic.key; });
        if (was == before.nics.end()) continue;
        backend::NicUsage n{.key = nic.key,
                            .received_bytes = b.Bounded(nic.received_bytes, was->received_bytes, kMostBytes),
                            .sent_bytes = b.Bounded(nic.sent_bytes, was->sent_bytes, kMostBytes),
                            .received_packets = b.Bounded(nic.received_packets, was->received_packets, kMostPackets),
                            .sent_packets = b.Bounded(nic.sent_packets, was->sent_packets, kMostPackets)};
        total.received_bytes += n.received_bytes, total.sent_bytes += n.sent_bytes;
        total.received_packets += n.received_packets, total.sent_packets += n.sent_packets;
        AddNicCounters(s, base::Cat(nic.key), n, b);
        any = true;
    }
    if (any) AddNicCounters(s, "", total, b);
}

}  // namespace

std::vector<perf::Reading> ReadingsOf(const Usage& now, const Usage* before, base::Duration passed, const Sizes& sizes,
                                      const std::vector<DiskPlace>& places) {
    Sheet s;
    if (before && passed.count() > 0) {
        Between b{passed.count()};
        AddCpu(s, now, *before, b, sizes);
        AddDisks(s, now, *before, b, places);
        AddNics(s, now, *before, b);
    }
    AddMemory(s, now, sizes);
    s.Put(kSysUptime, "", sizes.uptime_seconds);
    return std::move(s.out);
}

Quick QuickOf(const Usage& now, const Usage* before, base::Duration passed, const Sizes& sizes) {
    Quick q;
    q.resident_mb = static_cast<int>(now.resident_bytes >> 20);
    q.active_mb = std::min(static_cast<int>((now.active_bytes < 0 ? now.resident_bytes : now.active_bytes) >> 20),
                           static_cast<int>(sizes.memory_kb >> 10));
    q.swapped_mb = static_cast<int>(now.swapped_bytes >> 20);
    if (!before || passed.count() <= 0) return q;
    Between b{passed.count()};
    std::int64_t used = b.Delta(now.cpu_us, before->cpu_us), ready = 0;
    for (std::size_t i = 0; i < now.vcpus.size() && i < before->vcpus.size(); ++i)
        ready += b.Delta(now.vcpus[i].ready_us, before->vcpus[i].ready_us);
    q.cpu_mhz = static_cast<int>(used * sizes.core_mhz / b.passed_us);
    q.demand_mhz = static_cast<int>((used + ready) * sizes.core_mhz / b.passed_us);
    return q;
}

}  // namespace vm
