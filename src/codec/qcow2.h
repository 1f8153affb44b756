// The head of a qcow2 file: what we ask of one before QEMU opens it, and a new empty one.
//
// Such a file holds what was written since a snapshot. Names inside of it are for people
// only: QEMU is told by descriptors what lies beneath. One that wants another data file
// opened, or a key, is none that we made and is refused by whoever reads this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace codec {

struct Qcow2Header {
    std::uint32_t version = 0;
    unsigned cluster_bits = 0;
    std::uint64_t size = 0;              // bytes that the guest sees
    bool unclean = false;                // QEMU did not close it; it repairs that itself
    bool corrupt = false;
    bool external_data = false;          // its bytes are in a file that it names
    bool encrypted = false;
};

inline constexpr std::size_t kQcow2HeaderBytes = 104;
bool IsQcow2(std::string_view first_bytes);
// From at least kQcow2HeaderBytes. Refuses numbers that cannot be true.
base::Result<Qcow2Header> ReadQcow2Header(std::string_view first_bytes);

// A whole file that says nothing yet: everything is as in the file beneath it. `backing` is
// a plain name, `format` "raw" or "qcow2".
std::string NewQcow2(std::uint64_t size, std::string_view backing, std::string_view format);
// In the first bytes of such a file: that it lies on `backing` now. False: they have no name that
// this one would fit over, and are as they were.
bool RenameQcow2Backing(std::string& first_bytes, std::string_view backing, std::string_view format);

}  // namespace codec
