// The host's network as HostNetworkInfo: one switch over the physical interfaces, with
// the port groups "VM Network" and "Management Network", and the management interface.
#pragma once

#include "host/options.h"
#include "platform/machine.h"
#include "vim/gen/host_network.h"

namespace host {

inline constexpr std::string_view kVmNetwork = "VM Network";
inline constexpr std::string_view kManagementNetwork = "Management Network";
inline constexpr std::string_view kFirstSwitch = "vSwitch0";

vim::Ptr<vim::HostNetworkInfo> NetworkInfo(const platform::MachineFacts& machine, const HostOptions& options);
vim::Ptr<vim::HostVirtualNicManagerInfo> NicManagerInfo(const vim::HostNetworkInfo& network);
vim::Ptr<vim::HostNetCapabilities> NetCapabilities();

}  // namespace host
