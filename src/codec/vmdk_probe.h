// Tells from its first bytes what a .vmdk file is, and reads the binary header of the
// sparse form (hosted, monolithic and stream-optimised).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace codec {

enum class VmdkForm {
    kDescriptor,   // text
    kSparse,       // "KDMV": its descriptor may be inside
    kCowd,         // "COWD": an old VMFS redo log
    kSeSparse,     // the 64-bit sparse form of VMFS 5 and 6
    kOther,        // none of these; perhaps a flat extent
};

inline constexpr std::size_t kVmdkProbeBytes = 512;
VmdkForm ProbeVmdk(std::string_view first_bytes);

struct SparseHeader {
    std::uint32_t version = 0, flags = 0;
    std::uint64_t capacity = 0;              // sectors
    std::uint64_t grain_size = 0;            // sectors
    std::uint64_t descriptor_offset = 0;     // sectors; 0: none inside
    std::uint64_t descriptor_size = 0;       // sectors
    std::uint32_t entries_per_table = 0;
    std::uint64_t redundant_directory = 0, directory = 0, overhead = 0;   // sectors
    bool unclean = false;
    bool compressed = false;                 // deflated grains: stream-optimised

    // A stream-optimised file may have its directory in a footer at its end.
    bool DirectoryAtEnd() const { return directory == 0xFFFFFFFFFFFFFFFF; }
};

// From at least 512 bytes. Refuses a header whose numbers cannot be true.
base::Result<SparseHeader> ReadSparseHeader(std::string_view first_bytes);

}  // namespace codec
