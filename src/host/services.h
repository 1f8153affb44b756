// Services, firewall and clock as clients list them. Only what runs on this host as
// part of it is listed; what does not exist yet is not.
#pragma once

#include "host/options.h"
#include "vim/gen/host.h"
#include "vim/gen/host_network.h"

namespace host {

vim::Ptr<vim::HostServiceInfo> Services(const HostOptions& options);
vim::Ptr<vim::HostFirewallInfo> Firewall(const HostOptions& options);
vim::Ptr<vim::HostDateTimeInfo> DateTime(const HostOptions& options);

}  // namespace host
