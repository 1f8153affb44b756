// In how many pieces a file lies on its disk.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace storage {

struct Pieces {
    std::int64_t count = 0, bytes = 0;
    // 0: one piece (or none); 100: no two blocks of 1 MiB, VMFS's own, lie together.
    int Fragmentation() const;
};

// kUnsupported where the file system does not tell. Blocks.
base::Result<Pieces> PiecesOf(int file, const std::string& text);

}  // namespace storage
