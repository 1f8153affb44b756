// What a customization tells a Linux guest: a seed of cloud-init's data source NoCloud. Its
// three documents are JSON, which YAML is too, so that nothing a client sent can be taken for
// more than a word.
#pragma once

#include <set>

#include "vim/fault.h"
#include "vim/gen/guest.h"
#include "vm/config.h"

namespace vm {

struct CloudSeed {
    std::string instance;                // what cloud-init finds under a new one, it does once
    std::string host_name;               // without its domain
    std::string meta_data, user_data, network_config;
};

// The refusals are faults of CheckCustomizationSpec. `taken`: names in lower case that are not
// given again. Blocks: a password is hashed.
vim::Result<CloudSeed> MakeCloudSeed(const vim::CustomizationSpec& spec, const Config& config, std::string instance,
                                     const std::set<std::string>& taken);

// The parts, by subject.
vim::Result<std::string> HostNameFor(const vim::CustomizationName& how, const std::string& vm_name,
                                     const std::set<std::string>& taken);
// Version 1 of cloud-init's network configuration, which all of its releases read. The adapters
// are eth0, eth1, ... in the order in which the machine has them, each found by its address.
vim::Result<std::string> NetworkConfigFor(const vim::CustomizationSpec& spec, const Config& config);
vim::Result<std::string> GuestPasswordHash(const vim::CustomizationPassword& password);

}  // namespace vm
