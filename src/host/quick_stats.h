// How busy the host is, as summary.quickStats and the root pool show it.
#pragma once

#include "inventory/inventory.h"
#include "platform/usage.h"
#include "rt/timer.h"

namespace host {

struct QuickStats {
    int cpu_mhz = 0;
    int memory_mb = 0;
    std::int32_t uptime_seconds = 0;
};

// Publishes what changed; nothing when all is as before.
void PublishQuickStats(inventory::Edit& edit, const QuickStats& stats);

// Looks every 20 s, the rate of real-time statistics, until `stopping` is true. The one
// timer of this folder.
rt::Co<void> KeepQuickStats(inventory::Inventory& inventory, rt::Timer& timer, platform::UsageReader& usage,
                            base::Time boot, const bool& stopping);

}  // namespace host
