// Reads what QEMU's "screendump" writes: a binary PPM ("P6", 8 bits a colour).
#pragma once

#include <string_view>

#include "backend/hypervisor.h"

namespace backend::qemu {

constexpr std::size_t kLargestPicture = 192u << 20;      // 8192 x 8192

base::Result<Picture> ParsePpm(std::string_view bytes);

}  // namespace backend::qemu
