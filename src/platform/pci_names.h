// Names of PCI vendors and devices: a few that we know ourselves, and the pci.ids
// file of the system when there is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/machine.h"

namespace platform {

// Fills in vendor_name and device_name; unknown ones get what their class says.
// `pci_ids` is the text of pci.ids, or "".
void NamePciDevices(std::vector<PciDevice>& devices, std::string_view pci_ids);

}  // namespace platform
