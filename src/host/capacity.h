// How much of the machine there is to give to VMs.
#pragma once

#include <cstdint>

#include "host/options.h"
#include "platform/machine.h"

namespace host {

struct Capacity {
    std::int64_t total_mhz = 0, vm_mhz = 0;
    std::int64_t total_bytes = 0, vm_bytes = 0;
};

Capacity CapacityOf(const platform::MachineFacts& machine, const HostOptions& options);

}  // namespace host
