#include "vm/statistics.h"

#include <algorithm>

#include "base/text.h"
#include "host/ids.h"
#include "perf/counters.h"
#include "rt/loop.h"
#include "vm/log_rules.h"
#include "vm/pools.h"

namespace vm {
namespace {

constexpr base::Duration kLongest = std::chrono::seconds(15);
constexpr int kBoundLogsEvery = 15;      // looks: five minutes
constexpr int kAtOnce = 100;             // VMs asked before others have their turn
// More than a host is made for: those above run, but only the first have counters kept.
constexpr std::size_t kMostRecorded = 1024;

Sizes SizesOf(const Vm& vm, int core_mhz, base::Time now) {
    Sizes s{.core_mhz = core_mhz};
    if (vm.config) {
        s.cpus = std::max(vm.config->hardware->num_cpu, 1);
        s.memory_kb = std::int64_t{vm.config->hardware->memory_mb} << 10;
    }
    if (vm.runtime->boot_time)
        s.uptime_seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *vm.runtime->boot_time).count();
    return s;
}

std::vector<DiskPlace> PlacesOf(const Vm& vm, const VolumeList& volumes) {
    std::vector<DiskPlace> out;
    if (!vm.config) return out;
    for (const Device& d : vm.config->hardware->device) {
        if (!d->type().IsA(vim::VirtualDisk::kType)) continue;
        DiskPlace place{.key = d->key, .slot = {}, .datastore = {}};
        if (auto slot = SlotOf(*d)) place.slot = slot->Word();
        auto* file = d->backing.As<vim::VirtualDeviceFileBackingInfo>();
        auto path = file ? DatastorePath::Parse(file->file_name) : vim::Fault(vim::InvalidArgument("fileName"));
        if (path)
            if (const Volume* v = FindVolume(volumes, path->datastore)) place.datastore = v->id;
        out.push_back(std::move(place));
    }
    return out;
}

// Guests count by address: of which adapter that is.
void NameNics(const Vm& vm, backend::Usage& usage) {
    if (vm.config)
        for (const Device& d : vm.config->hardware->device)
            if (auto* card = d.As<vim::VirtualEthernetCard>())
                for (backend::NicUsage& nic : usage.nics)
                    if (nic.key == 0 && base::EqualNoCase(nic.mac, card->mac_address.value_or("none")))
                        nic.key = card->key;
    std::erase_if(usage.nics, [](const backend::NicUsage& nic) { return nic.key == 0; });
}

}  // namespace

rt::Co<void> Statistics::Look(base::Time at) {
    auto round = std::make_shared<Round>();
    round->at = at;
    std::vector<vim::Ref> running;
    auto now = c_.inventory.Now();
    for (const auto& [id, record] : c_.records)
        if (auto* vm = now->Get<Vm>(record.ref); vm && vm->runtime->power_state == PowerState::kPoweredOn)
            running.push_back(record.ref);
    now.reset();
    round->left = static_cast<int>(running.size());
    int asked = 0;
    for (const vim::Ref& ref : running) {
        co_await rt::Detach(LookAt(round, ref));
        if (++asked % kAtOnce == 0) co_await rt::Yield();
    }
    while (round->left > 0 && co_await round->done.WaitFor(kLongest)) {}
    Publish(*round);
    if (++looks_ % kBoundLogsEvery == 0) co_await BoundLogs(std::move(running));
    c_.pools->PublishUsage([&](const vim::Ref& pool, const Pools::Use& use) {
        if (!recorder_) return;
        recorder_->Put(pool, at,
                       {{perf::kCpuUsageMhz, "", use.mhz},
                        {perf::kMemConsumed, "", use.resident_mb << 10},
                        {perf::kMemActive, "", use.guest_mb << 10}});
    });
}

// A guest may write to its serial port for months.
rt::Co<void> Statistics::BoundLogs(std::vector<vim::Ref> running) {
    std::vector<std::string> folders;
    for (const vim::Ref& ref : running)
        if (Record* record = c_.Find(ref); record && !record->file.empty())
            folders.push_back(record->file.substr(0, record->file.rfind('/')));
    auto bound = [folders = std::move(folders)] {
        for (const std::string& folder : folders) BoundWhileRunning(folder);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(bound));
}

rt::Co<void> Statistics::LookAt(std::shared_ptr<Round> round, vim::Ref ref) {
    auto usage = co_await c_.hypervisor.ReadUsage(ref.id);
    Record* record = c_.Find(ref);
    auto vm = c_.Get(ref);
    if (usage && vm) NameNics(*vm, *usage);
    if (usage && record && vm) Take(*round, *record, *vm, *std::move(usage));
    --round->left;
    round->done.Notify();
}

void Statistics::Take(Round& round, Record& record, const Vm& vm, backend::Usage usage) {
    base::Duration now = c_.timer.Since();
    bool again = record.usage_at.count() > 0 && usage.cpu_us >= record.usage.cpu_us;
    const backend::Usage* before = again ? &record.usage : nullptr;
    base::Duration passed = now - record.usage_at;
    Sizes sizes = SizesOf(vm, c_.options.host.core_mhz, c_.timer.Now());
    round.quick.emplace_back(record.ref, QuickOf(usage, before, passed, sizes));
    // A look that has none before it knows no rates: it would leave holes in most series.
    if (recorder_ && before && round.quick.size() <= kMostRecorded) {
        auto readings = ReadingsOf(usage, before, passed, sizes, PlacesOf(vm, c_.volumes.Now()));
        AddAverages(record.ref, readings);
        recorder_->Put(record.ref, round.at, readings);
    }
    record.usage = std::move(usage);
    record.usage_at = now;
}

// Over the last minute, five and fifteen.
void Statistics::AddAverages(const vim::Ref& vm, std::vector<perf::Reading>& readings) const {
    constexpr struct {
        int samples, active, run;
    } kWindows[] = {{3, perf::kResActive1, perf::kResRun1},
                    {15, perf::kResActive5, perf::kResRun5},
                    {45, perf::kResActive15, perf::kResRun15}};
    for (const auto& w : kWindows) {
        auto mean = recorder_->Recent(vm, perf::kCpuUsage, w.samples);
        if (!mean) return;
        readings.push_back({w.active, "", *mean});
        readings.push_back({w.run, "", *mean});
    }
    readings.push_back({perf::kResSampleCount, "", 45});
    readings.push_back({perf::kResSamplePeriod, "", perf::kRealTime * 1000});
}

void Statistics::Publish(const Round& round) {
    if (round.quick.empty()) return;
    auto edit = c_.inventory.Begin();
    for (const auto& [ref, q] : round.quick)
        edit.Change<Vm>(ref, [&, q = q](Vm& vm) {
            if (vm.runtime->power_state != PowerState::kPoweredOn) return;
            vim::VirtualMachineQuickStats& s = vm.summary.Mut().quick_stats.Mut();
            int memory_mb = vm.config ? vm.config->hardware->memory_mb : q.resident_mb;
            s.overall_cpu_usage = q.cpu_mhz;
            s.overall_cpu_demand = q.demand_mhz;
            s.host_memory_usage = s.private_memory = q.resident_mb;
            s.guest_memory_usage = q.active_mb;
            s.swapped_memory = q.swapped_mb;
            s.consumed_overhead_memory = std::max(0, q.resident_mb - memory_mb);
            if (vm.runtime->boot_time)
                s.uptime_seconds = static_cast<int>(
                    std::chrono::duration_cast<std::chrono::seconds>(c_.timer.Now() - *vm.runtime->boot_time).count());
        });
    edit.Commit();
}

}  // namespace vm
