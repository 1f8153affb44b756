// The devices that a VM may be given, with the range of each of their settings.
#pragma once

#include "vim/gen/vm_device.h"

namespace host {

// Those that this version of virtual hardware has.
std::vector<vim::Ptr<vim::VirtualDeviceOption>> DeviceOptions(int hardware_version);

}  // namespace host
