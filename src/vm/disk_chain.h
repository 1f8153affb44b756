// A disk as a chain of files: the flat base, and an overlay for each snapshot above it.
//
//   web.vmdk         descriptor     web-flat.vmdk           raw: the bytes
//   web-000001.vmdk  descriptor     web-000001-delta.vmdk   qcow2: what was written since
//
// Each descriptor but the base's names its parent. That is foreign text: a parent is looked
// for in the disk's own folder and nowhere else. Everything here blocks; paths are absolute.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/vmdk.h"

namespace vm {

// VMware's limit for snapshots in a row; one more is the disk that is written.
inline constexpr std::size_t kMaxSnapshotDepth = 32;

struct DiskLink {
    std::string descriptor;
    std::string data;                    // its one extent
    codec::VmdkDescriptor text;
};

// From the base up to `descriptor`. kNotFound: a descriptor or extent is missing; kInvalid: a
// parent that points out of the folder, is another one than the child was made for, runs in
// a circle, or lies too deep; or an extent that we do not run from.
base::Result<std::vector<DiskLink>> ReadChain(const std::string& volume, const std::string& descriptor);

// Makes the overlay `descriptor` ("web-000001.vmdk") with its delta above `parent`. kExists
// when one of its files is there. Leaves nothing behind when it fails.
base::Result<> MakeOverlay(const DiskLink& parent, const std::string& descriptor);

// For a linked clone: the data of every link gets a second name, the same in another folder, and
// a descriptor of its own there: `base` ("web2.vmdk"), then web2-000001.vmdk ... No byte is copied.
// Gives the last of them. What was made when it fails is left to whoever knows the names.
base::Result<DiskLink> ShareChain(const std::vector<DiskLink>& chain, const std::string& base);
// Which descriptor that makes of the link with that number; 0 is the base.
std::string SharedLinkName(const std::string& base, std::size_t link);
// A file with two names is part of a linked clone: neither side ever writes it. The file
// system keeps the count, so that whatever becomes of one side the other knows.
bool IsShared(const std::string& data);

// "web-000001-delta.vmdk" beside "web-000001.vmdk".
std::string DeltaOf(const std::string& descriptor);
// "web" of web.vmdk and of web-000001.vmdk: what a disk's files begin with.
std::string DiskStem(const std::string& descriptor);
// The first of web-000001.vmdk, web-000002.vmdk ... of which no file is there, nor one in `taken`.
std::string NextOverlay(const std::string& descriptor, const std::vector<std::string>& taken = {});

}  // namespace vm
