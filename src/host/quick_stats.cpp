#include "host/quick_stats.h"

#include "host/ids.h"

namespace host {

void PublishQuickStats(inventory::Edit& edit, const QuickStats& stats) {
    const auto* h = edit.Get<vim::HostSystem>(HostRef());
    if (!h) return;
    const auto& had = *h->summary->quick_stats;
    if (had.overall_cpu_usage == stats.cpu_mhz && had.overall_memory_usage == stats.memory_mb &&
        had.uptime == stats.uptime_seconds)
        return;
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& host) {
        auto& q = host.summary.Mut().quick_stats.Mut();
        q.overall_cpu_usage = stats.cpu_mhz;
        q.overall_memory_usage = stats.memory_mb;
        q.uptime = stats.uptime_seconds;
    });
    edit.Change<vim::ResourcePool>(RootPoolRef(), [&](vim::ResourcePool& pool) {
        auto& runtime = pool.runtime.Mut();
        runtime.cpu.Mut().overall_usage = stats.cpu_mhz;
        runtime.memory.Mut().overall_usage = std::int64_t{stats.memory_mb} << 20;
        pool.summary.Mut().runtime = pool.runtime;
    });
}

rt::Co<void> KeepQuickStats(inventory::Inventory& inventory, rt::Timer& timer, platform::UsageReader& usage,
                            base::Time boot, const bool& stopping) {
    while (!stopping) {
        const auto now = usage.Read();
        const auto up = std::chrono::duration_cast<std::chrono::seconds>(timer.Now() - boot);
        auto edit = inventory.Begin();
        PublishQuickStats(edit, {now.cpu_mhz, now.memory_mb, static_cast<std::int32_t>(up.count())});
        edit.Commit();
        co_await timer.Sleep(std::chrono::seconds(20));
    }
}

}  // namespace host
