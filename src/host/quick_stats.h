// How busy the host is, as summary.quickStats shows it.
#pragma once

#include "inventory/inventory.h"

namespace host {

struct QuickStats {
    int cpu_mhz = 0;
    int memory_mb = 0;
    std::int32_t uptime_seconds = 0;
};

// Publishes what changed; nothing when all is as before.
void PublishQuickStats(inventory::Edit& edit, const QuickStats& stats);

}  // namespace host
