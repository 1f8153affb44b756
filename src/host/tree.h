// The inventory of a stand-alone host before any VM is in it: the service objects that
// clients read at connection time, the four folders, the host with its subsystems.
//
// Everything that a HostSystem shows twice (its network is also that of networkSystem)
// is one shared object. What a host lacks (alarms, extensions, clusters) is absent, so
// clients say "not supported" instead of failing half-way.
#pragma once

#include "host/options.h"
#include "inventory/inventory.h"
#include "platform/machine.h"

namespace host {

// Adds the whole tree. Datastores and VMs come after it (datastores.h, placement.h); the
// objects of sessions, tasks, events and roles are here, their contents are their own
// folders' to fill.
void BuildTree(inventory::Edit& edit, const platform::MachineFacts& machine, const HostOptions& options,
               base::Time now);

// The parts of it.
void AddServices(inventory::Edit& edit, const HostOptions& options, base::Time now);
void AddFolders(inventory::Edit& edit);
void AddCompute(inventory::Edit& edit, const platform::MachineFacts& machine, const HostOptions& options);
void AddHost(inventory::Edit& edit, const platform::MachineFacts& machine, const HostOptions& options);
void AddHostSystems(inventory::Edit& edit);              // after AddHost(): shares its parts
void AddNetwork(inventory::Edit& edit, const std::string& name);

}  // namespace host
