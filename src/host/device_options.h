// The devices that a VM may be given, with the range of each of their settings.
#pragma once

#include "vim/gen/vm_device.h"

namespace host {

std::vector<vim::Ptr<vim::VirtualDeviceOption>> DeviceOptions();

}  // namespace host
