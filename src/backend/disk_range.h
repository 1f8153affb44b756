#pragma once

#include <cstdint>

namespace backend {

// A run of bytes of a disk.
struct DiskRange {
    std::int64_t offset = 0, length = 0;
    bool operator==(const DiskRange&) const = default;
};

}  // namespace backend
