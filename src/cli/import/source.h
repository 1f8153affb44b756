// A virtual machine as the source describes it, and the target that it is to go to: plain
// facts, fetched once, that the checks and the plan are made from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/properties.h"
#include "vim/gen/vm.h"

namespace cli::import {

struct SourceVm {
    vim::Ref ref;
    std::string name;
    vim::Ptr<vim::VirtualMachineConfigInfo> config;      // null: the source cannot read it
    std::string power;                                   // "poweredOn", ...
    std::string connection;                              // "connected", ...
    bool has_snapshot = false;
    bool tracking_supported = false;
    bool question = false;
    bool tools_run = false;
    std::string datacenter;                              // what /folder calls dcPath
    std::map<std::string, std::string> port_groups;      // keys of distributed port groups -> names
    std::vector<std::string> missing_privileges;         // of ours, at the source

    bool running() const { return power == "poweredOn"; }
};

struct Target {
    struct Datastore {
        vim::Ref ref;
        std::string name;
        std::int64_t free_bytes = 0;
        bool accessible = false;
    };
    std::string about;                                   // "Bedplate ... 8.0.3"
    std::vector<Datastore> datastores;
    std::vector<std::string> networks;
    std::vector<std::string> vm_names;
    vim::Ref folder, pool, datacenter;
    std::int64_t memory_bytes = 0;
    int threads = 0;
    std::vector<std::string> missing_privileges;

    const Datastore* Find(const std::string& name) const;
};

struct Listed {
    vim::Ref ref;
    std::string name, power, guest;
    std::int64_t memory_mb = 0, bytes = 0;
    int cpus = 0;
};
rt::Co<vim::Result<std::vector<Listed>>> ListVms(client::Session& session);

// NotFound when there is none, or more than one, of that name.
rt::Co<vim::Result<SourceVm>> ReadSource(client::Session& session, std::string name);
rt::Co<vim::Result<Target>> ReadTarget(client::Session& session);

// The network's name as people know it; "" when it has none.
std::string NetworkOf(const vim::VirtualEthernetCard& nic, const SourceVm& vm);

}  // namespace cli::import
