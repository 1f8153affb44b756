// The files that make up a virtual disk, of whatever form: it, what it is a delta of, and so
// on down to the base.
//
// All of it is foreign text. A parent and every extent is a plain name in the disk's own
// folder; a path, a link, a device or a circle is refused before anything is opened.
// Everything here blocks.
#pragma once

#include "codec/vmdk.h"
#include "codec/vmdk_probe.h"
#include "storage/root.h"

namespace storage {

struct DiskLink {
    std::string path;                    // the file that names the disk: a descriptor, or all of it
    codec::VmdkForm form = codec::VmdkForm::kDescriptor;   // or kSparse: header, descriptor and content in one
    codec::VmdkDescriptor text;

    std::int64_t Bytes() const { return static_cast<std::int64_t>(text.Sectors()) * 512; }
};

inline constexpr std::size_t kMostLinks = 256;

// kNotFound, kDenied (leads out of the folder), kInvalid (no disk).
base::Result<DiskLink> ReadLink(const Root& root, const std::string& path);
// With `parents` down to the base; the named disk is first.
base::Result<std::vector<DiskLink>> ReadLinks(const Root& root, const std::string& path, bool parents);

// The path of an extent of `link`; kDenied when its name is none of a file in the folder.
base::Result<std::string> ExtentPath(const Root& root, const DiskLink& link, const codec::VmdkExtent& extent);

// As the API calls it: "thin", "preallocated", "eagerZeroedThick", "delta", "sparse2Gb", ...
std::string TypeOf(const Root& root, const DiskLink& link);

}  // namespace storage
