#include "vm/statistics.h"

#include <algorithm>

namespace vm {
namespace {

struct Reading {
    vim::Ref vm;
    int mhz = 0, memory_mb = 0, uptime = 0;
};

}  // namespace

rt::Co<void> Statistics::Run(const bool& stopping) {
    while (!stopping) {
        co_await c_.timer.Sleep(kStatisticsEvery);
        if (!stopping) co_await Look();
    }
}

rt::Co<void> Statistics::Look() {
    std::vector<vim::Ref> running;
    auto now = c_.inventory.Now();
    for (const auto& [id, record] : c_.records)
        if (auto* vm = now->Get<Vm>(record.ref); vm && vm->runtime->power_state == PowerState::kPoweredOn)
            running.push_back(record.ref);
    std::vector<Reading> readings;
    for (const vim::Ref& ref : running) {
        auto usage = co_await c_.hypervisor.ReadUsage(ref.id);
        Record* record = c_.Find(ref);
        if (!usage || !record) continue;
        base::Duration at = c_.timer.Since();
        auto passed = (at - record->usage_at).count();
        std::int64_t used = usage->cpu_us - record->usage.cpu_us;
        Reading reading{.vm = ref};
        if (record->usage_at.count() > 0 && passed > 0 && used >= 0)
            reading.mhz = static_cast<int>(used * c_.options.host.core_mhz / passed);
        reading.memory_mb = static_cast<int>(usage->resident_bytes >> 20);
        record->usage = *usage;
        record->usage_at = at;
        readings.push_back(reading);
    }
    if (readings.empty()) co_return;
    auto edit = c_.inventory.Begin();
    for (const Reading& reading : readings)
        edit.Change<Vm>(reading.vm, [&](Vm& vm) {
            if (vm.runtime->power_state != PowerState::kPoweredOn) return;
            vim::VirtualMachineQuickStats& s = vm.summary.Mut().quick_stats.Mut();
            s.overall_cpu_usage = s.overall_cpu_demand = reading.mhz;
            s.host_memory_usage = s.private_memory = reading.memory_mb;
            s.guest_memory_usage =
                std::min(reading.memory_mb, vm.config ? vm.config->hardware->memory_mb : reading.memory_mb);
            s.consumed_overhead_memory = std::max(0, reading.memory_mb - s.guest_memory_usage.value_or(0));
            if (vm.runtime->boot_time)
                s.uptime_seconds = static_cast<int>(
                    std::chrono::duration_cast<std::chrono::seconds>(c_.timer.Now() - *vm.runtime->boot_time).count());
        });
    edit.Commit();
}

}  // namespace vm
