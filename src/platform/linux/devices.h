// PCI functions, disks and network interfaces, from sysfs.
#pragma once

#include <vector>

#include "platform/linux/tree.h"
#include "platform/machine.h"

namespace platform {

std::vector<PciDevice> ReadPci(const Tree& tree);
std::vector<BlockDevice> ReadDisks(const Tree& tree);   // without loop, RAM and mapper devices
std::vector<Nic> ReadNics(const Tree& tree);            // every Ethernet interface, physical ones first

// The PCI function that a sysfs device path runs through, the innermost; or "".
std::string PciOfPath(const std::string& path);

}  // namespace platform
