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
}

}  // namespace host
