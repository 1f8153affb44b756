// Everything that answers calls, by subject; app/ builds the parts and calls them all.
#pragma once

#include "access/logins.h"
#include "api/dispatch.h"
#include "api/reader.h"
#include "base/clock.h"
#include "host/advanced_options.h"

namespace auth {
class Openings;
}
namespace host {
class AutoStart;
}
namespace perf {
class Recorder;
}
namespace storage {
class DatastoreNames;
}
namespace vm {
class Machines;
}

namespace api {

// What several subjects need.
struct Services {
    inventory::Inventory& inventory;
    Computed computed;
};

void ServeCollector(Dispatch& dispatch, Services& services);   // PropertyCollector, PropertyFilter, Fetch
void ServeViews(Dispatch& dispatch, Services& services);       // ViewManager and the views
void ServeSearch(Dispatch& dispatch, Services& services);      // SearchIndex
void ServeService(Dispatch& dispatch, const base::Clock& clock);   // ServiceInstance, EnvironmentBrowser
void ServeOptions(Dispatch& dispatch, host::AdvancedOptions& options);   // OptionManager

void ServeHost(Dispatch& dispatch, const base::Clock& clock, host::AutoStart& auto_start);
void ServePools(Dispatch& dispatch, vm::Machines& machines);      // ResourcePool
void ServePerformance(Dispatch& dispatch, perf::Recorder& recorder);
// OvfManager, HttpNfcLease, import and export.
void ServeOvf(Dispatch& dispatch, vm::Machines& machines, auth::Openings& openings);
// VirtualMachine, how VMs come and go, and what all entities have.
void ServeMachines(Dispatch& dispatch, vm::Machines& machines, storage::DatastoreNames& names);
void ServeSnapshots(Dispatch& dispatch, vm::Machines& machines);  // of those, VirtualMachineSnapshot; by ServeMachines

// What differs by who asks: currentSession, sessionList, effectiveRole.
Computed ForTheCaller(const auth::Sessions& sessions, auth::Authorization& authorization);

class Site;
struct ConsoleParts;
void ServeConsole(Dispatch& dispatch, Site& site, ConsoleParts parts);  // tickets, screens, keys (console.h)

// GuestOperationsManager, and what its file transfers open.
void ServeGuests(Dispatch& dispatch, Site& site, vm::Machines& machines, const base::Clock& clock,
                 auth::Openings& openings);

class Sdk;
struct AccountParts {
    auth::Accounts& accounts;
    auth::Authorization& authorization;
    auth::Logins& logins;
    event::Events& events;
    vim::Ref host;  // whose accounts these are
};
void ServeSessions(Dispatch& dispatch, Services& services, Sdk& sdk, auth::Logins& logins, event::Events& events);
void ServeAuthorization(Dispatch& dispatch, auth::Authorization& authorization, const auth::Sessions& sessions);
void ServeAccounts(Dispatch& dispatch, AccountParts parts);  // HostLocalAccountManager, UserDirectory

}  // namespace api
