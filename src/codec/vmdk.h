// The text descriptor of a virtual disk (x.vmdk), and what the first bytes of a .vmdk
// file say it is.
//
// A descriptor is foreign input: it names other files. CheckExtentName refuses every
// name that could lead out of the disk's own folder; nobody opens an extent without it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace codec {

struct VmdkExtent {
    enum class Access { kReadWrite, kReadOnly, kNone };
    enum class Type { kFlat, kSparse, kZero, kVmfs, kVmfsSparse, kVmfsThin, kVmfsRdm, kVmfsRaw, kSeSparse };

    Access access = Access::kReadWrite;
    std::uint64_t sectors = 0;         // of 512 bytes
    Type type = Type::kVmfs;
    std::string file;                  // empty for kZero
    std::uint64_t offset = 0;          // sectors into the file
    friend bool operator==(const VmdkExtent&, const VmdkExtent&) = default;
};

struct VmdkDescriptor {
    static constexpr std::size_t kMaxBytes = 256 << 10;
    static constexpr std::uint32_t kNoParent = 0xFFFFFFFF;

    int version = 1;
    std::uint32_t cid = 0xFFFFFFFE;
    std::uint32_t parent_cid = kNoParent;
    std::string create_type = "vmfs";
    std::string parent_hint;            // parentFileNameHint; a path as VMware wrote it
    std::string change_track;           // changeTrackPath: the -ctk file
    std::vector<VmdkExtent> extents;
    // Keys without "ddb.": adapterType, geometry.cylinders, uuid, virtualHWVersion ...
    std::vector<std::pair<std::string, std::string>> ddb;
    std::vector<std::pair<std::string, std::string>> other;   // header keys that we only keep

    static base::Result<VmdkDescriptor> Parse(std::string_view bytes);
    std::string Text() const;

    std::uint64_t Sectors() const;      // of all extents; Parse has made sure that it cannot overflow
    bool HasParent() const { return parent_cid != kNoParent; }
    std::string Ddb(std::string_view key, std::string_view fallback = {}) const;
    void SetDdb(std::string_view key, std::string_view value);

    friend bool operator==(const VmdkDescriptor&, const VmdkDescriptor&) = default;
};

// Refuses "", ".", "..", anything with a slash, backslash, quote or control character, and
// names longer than a file system takes.
base::Result<> CheckExtentName(std::string_view name);

// What VMware writes for a disk of this size on this kind of adapter ("lsilogic", "ide",
// "buslogic"): cylinders, heads and sectors per track.
struct DiskGeometry {
    std::uint64_t cylinders;
    unsigned heads, sectors;
};
DiskGeometry GeometryFor(std::uint64_t sectors, std::string_view adapter);

}  // namespace codec
