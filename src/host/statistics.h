// What the machine itself does, looked at with every sample: its performance counters, those
// of its datastores, and summary.quickStats of the host.
#pragma once

#include "inventory/inventory.h"
#include "perf/recorder.h"
#include "platform/activity.h"

namespace host {

// The counters of a host. Pure; `before` null: no rates yet.
std::vector<perf::Reading> HostReadings(const platform::MachineFacts& machine, const platform::Activity& now,
                                        const platform::Activity* before, base::Duration passed,
                                        std::int64_t uptime_seconds);

class Statistics {
public:
    struct Parts {
        inventory::Inventory& inventory;
        rt::Pool& pool;
        rt::Timer& timer;
        perf::Recorder& recorder;
        const platform::MachineFacts& machine;
        bool imagined;                   // the machine of --sim
    };
    explicit Statistics(Parts parts) : p_(parts), started_(parts.timer.Since()) {}

    rt::Co<void> Look(base::Time at);

private:
    void Publish(const platform::Activity& now, base::Duration passed, std::int64_t uptime);
    void AddPool(std::vector<perf::Reading>& readings, const platform::Activity& activity) const;
    void RecordDatastores(base::Time at);

    Parts p_;
    const base::Duration started_;
    std::optional<platform::Activity> before_;
    base::Duration looked_{};
};

}  // namespace host
