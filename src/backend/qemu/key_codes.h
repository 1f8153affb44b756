// Keys by their numbers in the USB HID usage tables (page 7) as QEMU names them.
#pragma once

#include <string_view>

namespace backend::qemu {

std::string_view KeyName(int usage);             // "" : QEMU has no such key

}  // namespace backend::qemu
