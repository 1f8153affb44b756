// The devices that every VM has without being asked: controllers, keyboard, mouse,
// screen. Their keys are fixed; clients count on them.
#pragma once

#include "vim/gen/vm_device.h"

namespace host {

std::vector<vim::Ptr<vim::VirtualDevice>> DefaultDevices();

}  // namespace host
