// CRC-32C (Castagnoli): notices bits that a disk or a torn write has changed. Not a
// protection against people.
#pragma once

#include <cstdint>
#include <string_view>

namespace store {

// `before` continues an earlier sum, so that pieces need not lie together.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace store
