// The host's disks as HostStorageDeviceInfo: adapters, logical units, topology and the
// one path that each unit has.
#pragma once

#include <string>

#include "inventory/inventory.h"
#include "platform/machine.h"
#include "vim/gen/storage.h"

namespace host {

vim::Ptr<vim::HostStorageDeviceInfo> StorageDevices(const platform::MachineFacts& machine);
vim::Ptr<vim::HostMultipathStateInfo> PathStates(const vim::HostStorageDeviceInfo& devices);

// After a rescan: shows the disks that are there now, where they are shown.
void RefreshStorageDevices(inventory::Edit& edit, const platform::MachineFacts& machine);

// The name of the unit that a block device ("/dev/sda1") lies on, "mpx.vmhba0:C0:T0:L0";
// the first unit's when it is none of ours.
std::string UnitOfDevice(const platform::MachineFacts& machine, const std::string& device);

}  // namespace host
