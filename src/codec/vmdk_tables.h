// How long the file of a sparse extent must be, by what its own tables name: a shorter one was
// cut off while it was copied, and whoever reads it gets zeros in the place of its end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "codec/vmdk_probe.h"

namespace codec {

// A file that is not in memory. read() gives fewer bytes only where the file ends.
struct VmdkBytes {
    std::uint64_t size = 0;
    std::function<base::Result<std::string>(std::uint64_t offset, std::size_t count)> read;
};

// The byte after the last one that the header, the directory, the tables and the grains take,
// as far as they are there: more than `file.size` says that something is missing. kInvalid:
// no such extent, or tables that cannot be true.
base::Result<std::uint64_t> VmdkExtentEnd(const VmdkBytes& file);

}  // namespace codec
