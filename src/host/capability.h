// What this host can do: HostCapability and the capabilities of its VMs. A false here
// makes clients grey out the function, so it changes together with the function.
#pragma once

#include "host/options.h"
#include "platform/machine.h"
#include "vim/gen/host.h"
#include "vim/gen/vm.h"

namespace host {

inline constexpr int kMaxVcpus = 64;                  // of one VM
inline constexpr std::int64_t kMaxVmMemoryMb = 4ll << 20;   // 4 TiB
inline constexpr int kMaxVms = 1024;
inline constexpr std::int64_t kMaxDiskBytes = 62ll << 40;   // as VMFS has it

vim::Ptr<vim::HostCapability> HostCapabilities(const HostOptions& options);
vim::Ptr<vim::VirtualMachineCapability> VmCapabilities();

}  // namespace host
