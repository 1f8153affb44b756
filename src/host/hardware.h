// The machine as HostHardwareInfo and its summary.
#pragma once

#include "host/options.h"
#include "platform/machine.h"
#include "vim/gen/host.h"

namespace host {

vim::Ptr<vim::HostHardwareInfo> Hardware(const platform::MachineFacts& machine, const HostOptions& options);
vim::Ptr<vim::HostHardwareSummary> HardwareSummary(const platform::MachineFacts& machine, const HostOptions& options);
vim::Ptr<vim::HealthSystemRuntime> Health(const platform::MachineFacts& machine);
bool HasHyperThreads(const platform::MachineFacts& machine);

}  // namespace host
