// What an EnvironmentBrowser answers: which hardware versions there are, what a VM of
// each may be made of, and what this host has to give it.
#pragma once

#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "platform/machine.h"
#include "vim/gen/vm.h"

namespace host {

inline constexpr std::string_view kDefaultHardware = "vmx-13";

std::vector<vim::Ptr<vim::VirtualMachineConfigOptionDescriptor>> ConfigOptionDescriptors();

// Null for an unknown key; "" is the default. With guest ids, only those are described.
vim::Ptr<vim::VirtualMachineConfigOption> ConfigOption(std::string_view key,
                                                       const std::vector<std::string>& guest_ids = {});

vim::Ptr<vim::ConfigTarget> ConfigTarget(const inventory::Snapshot& now);

}  // namespace host
