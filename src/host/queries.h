// The questions that a host answers from what it knows: no change, no waiting.
#pragma once

#include "inventory/inventory.h"
#include "vim/fault.h"
#include "vim/gen/calls_host.h"
#include "vim/gen/calls_host_network.h"

namespace host {

// HostSystem
std::int64_t MemoryOverhead(std::int64_t memory_bytes, std::int64_t video_ram_kb, int cpus);
vim::Result<std::int64_t> QueryMemoryOverhead(const vim::call::QueryMemoryOverhead& call);
vim::Result<std::int64_t> QueryMemoryOverheadEx(const vim::call::QueryMemoryOverheadEx& call);
vim::Result<std::int64_t> RetrieveHardwareUptime(const inventory::Snapshot& now, base::Time clock);
vim::Result<vim::Ptr<vim::HostConnectInfo>> QueryHostConnectionInfo(const inventory::Snapshot& now);

// HostDateTimeSystem, HostVirtualNicManager
vim::Result<std::vector<vim::Ptr<vim::HostDateTimeSystemTimeZone>>> QueryAvailableTimeZones();
vim::Result<vim::Ptr<vim::VirtualNicManagerNetConfig>> QueryNetConfig(const inventory::Snapshot& now,
                                                                      const vim::call::QueryNetConfig& call);
}  // namespace host
