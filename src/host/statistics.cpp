#include "host/statistics.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "host/ids.h"
#include "host/quick_stats.h"
#include "host/storage_info.h"
#include "perf/counters.h"

namespace host {
namespace {

using namespace perf;
using platform::Activity;
using platform::CpuTicks;

struct Rates {
    std::int64_t us;
    std::int64_t Delta(std::int64_t now, std::int64_t before) const { return now < before ? 0 : now - before; }
    std::int64_t PerSecond(std::int64_t now, std::int64_t before) const { return Delta(now, before) * 1'000'000 / us; }
    std::int64_t Sum(std::int64_t now, std::int64_t before) const {
        return Delta(now, before) * (kRealTime * 1'000'000ll) / us;
    }
};

// Busy time in hundredths of a percent.
std::int64_t Busy(const CpuTicks& now, const CpuTicks& before) {
    if (now.total <= before.total || now.busy < before.busy) return 0;
    return static_cast<std::int64_t>((now.busy - before.busy) * 10'000 / (now.total - before.total));
}

void AddCpu(std::vector<Reading>& out, const platform::MachineFacts& machine, const Activity& now,
            const Activity& before) {
    constexpr std::int64_t kIntervalMs = kRealTime * 1000;
    std::int64_t busy = Busy(now.all, before.all), mhz = machine.cpu.hz / 1'000'000;
    out.push_back({kCpuUsage, "", busy});
    out.push_back({kCpuUtilization, "", busy});
    out.push_back({kCpuUsageMhz, "", busy * mhz * machine.cpu.cores / 10'000});
    std::int64_t used_all = 0, count = 0;
    for (std::size_t i = 0; i < now.cpus.size() && i < before.cpus.size(); ++i) {
        std::int64_t one = Busy(now.cpus[i], before.cpus[i]), used = one * kIntervalMs / 10'000;
        used_all += used, ++count;
        out.push_back({kCpuUsage, base::Cat(i), one});
        out.push_back({kCpuUtilization, base::Cat(i), one});
        out.push_back({kCpuUsed, base::Cat(i), used});
        out.push_back({kCpuIdle, base::Cat(i), kIntervalMs - used});
    }
    out.push_back({kCpuUsed, "", used_all});
    out.push_back({kCpuIdle, "", count * kIntervalMs - used_all});
}

// The name under which clients know a disk of the kernel's; partitions and others: "".
std::string UnitName(const platform::MachineFacts& machine, const std::string& name) {
    for (const auto& disk : machine.disks)
        if (disk.name == name) return disk.cdrom ? std::string() : UnitOfDevice(machine, "/dev/" + name);
    return {};
}

std::int64_t Latency(std::int64_t ms, std::int64_t operations) { return operations ? ms / operations : 0; }

void AddDisks(std::vector<Reading>& out, const platform::MachineFacts& machine, const Activity& now,
              const Activity& before, const Rates& r) {
    std::int64_t read = 0, write = 0, reads = 0, writes = 0, highest = 0;
    for (const auto& d : now.disks) {
        std::string unit = UnitName(machine, d.name);
        auto was =
            std::find_if(before.disks.begin(), before.disks.end(), [&](const auto& b) { return b.name == d.name; });
        if (unit.empty() || was == before.disks.end()) continue;
        std::int64_t did_read = r.Delta(d.reads, was->reads), did_write = r.Delta(d.writes, was->writes);
        std::int64_t read_kb = r.PerSecond(d.read_bytes, was->read_bytes) / 1024;
        std::int64_t write_kb = r.PerSecond(d.write_bytes, was->write_bytes) / 1024;
        std::int64_t read_ms = r.Delta(d.read_ms, was->read_ms), write_ms = r.Delta(d.write_ms, was->write_ms);
        std::int64_t latency = Latency(read_ms + write_ms, did_read + did_write);
        std::int64_t reads_s = r.PerSecond(d.reads, was->reads), writes_s = r.PerSecond(d.writes, was->writes);
        read += read_kb, write += write_kb, reads += reads_s, writes += writes_s;
        highest = std::max(highest, latency);
        out.push_back({kDiskRead, unit, read_kb});
        out.push_back({kDiskWrite, unit, write_kb});
        out.push_back({kDiskReads, unit, reads_s});
        out.push_back({kDiskWrites, unit, writes_s});
        out.push_back({kDiskCommands, unit, reads_s + writes_s});
        out.push_back({kDiskReadCount, unit, r.Sum(d.reads, was->reads)});
        out.push_back({kDiskWriteCount, unit, r.Sum(d.writes, was->writes)});
        out.push_back({kDiskReadLatency, unit, Latency(read_ms, did_read)});
        out.push_back({kDiskWriteLatency, unit, Latency(write_ms, did_write)});
        out.push_back({kDiskDeviceLatency, unit, latency});
    }
    out.push_back({kDiskUsage, "", read + write});
    out.push_back({kDiskRead, "", read});
    out.push_back({kDiskWrite, "", write});
    out.push_back({kDiskReads, "", reads});
    out.push_back({kDiskWrites, "", writes});
    out.push_back({kDiskCommands, "", reads + writes});
    out.push_back({kDiskMaxLatency, "", highest});
}

struct NicCounter {
    int counter;
    std::int64_t platform::NicActivity::*field;
};
constexpr NicCounter kNicSums[] = {
    {kNetPacketsRx, &platform::NicActivity::rx_packets}, {kNetPacketsTx, &platform::NicActivity::tx_packets},
    {kNetDroppedRx, &platform::NicActivity::rx_dropped}, {kNetDroppedTx, &platform::NicActivity::tx_dropped},
    {kNetErrorsRx, &platform::NicActivity::rx_errors},   {kNetErrorsTx, &platform::NicActivity::tx_errors}};

// Physical cards alone: what goes over the wire.
void AddNics(std::vector<Reading>& out, const platform::MachineFacts& machine, const Activity& now,
             const Activity& before, const Rates& r) {
    std::map<int, std::int64_t> total;
    auto put = [&](int counter, const std::string& nic, std::int64_t value) {
        out.push_back({counter, nic, value});
        total[counter] += value;
    };
    for (const auto& n : now.nics) {
        auto was =
            std::find_if(before.nics.begin(), before.nics.end(), [&](const auto& b) { return b.name == n.name; });
        bool physical = std::any_of(machine.nics.begin(), machine.nics.end(),
                                    [&](const auto& m) { return m.name == n.name && m.physical; });
        if (!physical || was == before.nics.end()) continue;
        std::int64_t received = r.PerSecond(n.rx_bytes, was->rx_bytes) / 1024;
        std::int64_t sent = r.PerSecond(n.tx_bytes, was->tx_bytes) / 1024;
        put(kNetUsage, n.name, received + sent);
        put(kNetReceived, n.name, received);
        put(kNetTransmitted, n.name, sent);
        put(kNetBytesRx, n.name, received);
        put(kNetBytesTx, n.name, sent);
        for (const NicCounter& c : kNicSums) put(c.counter, n.name, r.Sum(n.*c.field, (*was).*c.field));
    }
    for (const auto& [counter, value] : total) out.push_back({counter, "", value});
}

void AddMemory(std::vector<Reading>& out, const Activity& now) {
    std::int64_t used = std::max<std::int64_t>(now.memory.total - now.memory.available, 0);
    out.push_back({kMemUsage, "", now.memory.total ? used / (now.memory.total / 10'000) : 0});
    out.push_back({kMemConsumed, "", used >> 10});
    out.push_back({kMemSwapUsed, "", now.swap_used >> 10});
}

}  // namespace

std::vector<Reading> HostReadings(const platform::MachineFacts& machine, const Activity& now, const Activity* before,
                                  base::Duration passed, std::int64_t uptime_seconds) {
    std::vector<Reading> out;
    AddMemory(out, now);
    out.push_back({kSysUptime, "", uptime_seconds});
    if (!before || passed.count() <= 0) return out;
    Rates r{passed.count()};
    AddCpu(out, machine, now, *before);
    AddDisks(out, machine, now, *before, r);
    AddNics(out, machine, now, *before, r);
    constexpr std::int64_t kPageKb = 4;
    out.push_back({kMemSwapInRate, "", r.PerSecond(now.swapping.in_pages, before->swapping.in_pages) * kPageKb});
    out.push_back({kMemSwapOutRate, "", r.PerSecond(now.swapping.out_pages, before->swapping.out_pages) * kPageKb});
    if (now.energy_uj && before->energy_uj && *now.energy_uj >= *before->energy_uj) {
        out.push_back({kPower, "", r.PerSecond(*now.energy_uj, *before->energy_uj) / 1'000'000});
        out.push_back({kEnergy, "", r.Sum(*now.energy_uj, *before->energy_uj) / 1'000'000});
    }
    return out;
}

rt::Co<void> Statistics::Look(base::Time at) {
    auto read = [imagined = p_.imagined, machine = &p_.machine, up = p_.timer.Since() - started_] {
        return imagined ? platform::SimActivity(*machine, up) : platform::ReadActivity();
    };
    Activity now = co_await p_.pool.Run(std::move(read));
    base::Duration since = p_.timer.Since(), passed = since - looked_;
    std::int64_t uptime =
        std::chrono::duration_cast<std::chrono::seconds>(p_.timer.Now() - p_.machine.boot_time).count();
    if (before_) {
        auto readings = HostReadings(p_.machine, now, &*before_, passed, uptime);
        AddPool(readings, now);
        p_.recorder.Put(HostRef(), at, readings);
    }
    RecordDatastores(at);
    Publish(now, passed, uptime);
    before_ = std::move(now);
    looked_ = since;
}

// What the root pool has for VMs, and what they take of it. VMs were looked at just before.
void Statistics::AddPool(std::vector<Reading>& readings, const Activity& activity) const {
    auto now = p_.inventory.Now();
    const auto* root = now->Get<vim::ResourcePool>(RootPoolRef());
    if (!root) return;
    const auto &cpu = *root->runtime->cpu, &memory = *root->runtime->memory;
    std::int64_t used = std::max<std::int64_t>(activity.memory.total - activity.memory.available, 0);
    std::int64_t active_mb =
        root->summary->quick_stats ? root->summary->quick_stats->guest_memory_usage.value_or(0) : 0;
    readings.push_back({kCpuReservedCapacity, "", cpu.reservation_used});
    readings.push_back({kCpuTotalCapacity, "", root->config->cpu_allocation->reservation.value_or(0)});
    readings.push_back({kMemReservedCapacity, "", memory.reservation_used >> 20});
    readings.push_back({kMemTotalCapacity, "", root->config->memory_allocation->reservation.value_or(0)});
    readings.push_back({kMemGranted, "", memory.overall_usage >> 10});
    readings.push_back({kMemActive, "", active_mb << 10});
    readings.push_back({kMemSysUsage, "", std::max<std::int64_t>(used - memory.overall_usage, 0) >> 10});
}

void Statistics::RecordDatastores(base::Time at) {
    auto now = p_.inventory.Now();
    const auto* host = now->Get<vim::HostSystem>(HostRef());
    if (!host) return;
    for (const vim::Ref& ref : host->datastore) {
        const auto* store = now->Get<vim::Datastore>(ref);
        if (!store || !store->summary || !store->summary->accessible) continue;
        const auto& s = *store->summary;
        std::int64_t used = (s.capacity - s.free_space) >> 10, later = s.uncommitted.value_or(0) >> 10;
        p_.recorder.Put(ref, at,
                        {{kDiskCapacity, "", s.capacity >> 10},
                         {kDiskUsed, "", used},
                         {kDiskProvisioned, "", used + later},
                         {kDiskUnshared, "", used}});
    }
}

void Statistics::Publish(const Activity& now, base::Duration passed, std::int64_t uptime) {
    QuickStats q;
    if (before_ && passed.count() > 0)
        q.cpu_mhz = static_cast<int>(Busy(now.all, before_->all) * (p_.machine.cpu.hz / 1'000'000) *
                                     p_.machine.cpu.cores / 10'000);
    q.memory_mb = static_cast<int>(std::max<std::int64_t>(now.memory.total - now.memory.available, 0) >> 20);
    q.uptime_seconds = static_cast<std::int32_t>(uptime);
    auto edit = p_.inventory.Begin();
    PublishQuickStats(edit, q);
    edit.Commit();
}

}  // namespace host
