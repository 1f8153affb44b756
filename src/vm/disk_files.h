// The files of a virtual disk: x.vmdk, a descriptor, and x-flat.vmdk, its bytes; with
// snapshots a chain of such pairs (disk_chain.h).
//
// Everything here blocks. Paths are absolute; `volume` is the top folder of the datastore:
// nothing outside of it is opened, whatever a descriptor or a link says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace vm {

struct NewDisk {
    std::string descriptor;
    std::int64_t capacity_kb = 0;
    bool thin = false;                   // a sparse file; else its blocks are taken now
    std::string adapter = "lsilogic";    // what the geometry is for: lsilogic, buslogic, ide
};

struct DiskFacts {
    std::int64_t capacity_kb = 0;
    bool thin = false;
    std::string uuid, content_id;
    std::string flat;                    // absolute
    std::vector<std::string> overlays;   // absolute: the deltas above it, the last one is written
    struct Link {
        std::string descriptor, data;    // names in the disk's folder
    };
    std::vector<Link> links;             // from the base up
};

// kExists when one of its files is there, kNoSpace when it cannot fit. Leaves nothing
// behind when it fails.
base::Result<> MakeDisk(const NewDisk& disk);
// The descriptor of a disk whose extent was filled by somebody else; unless it is thin the blocks that
// it lacks are taken.
base::Result<> DescribeDisk(const NewDisk& disk);
// kNotFound: a descriptor or extent of its chain is missing; kInvalid: a form that we do not run from.
base::Result<DiskFacts> InspectDisk(const std::string& volume, const std::string& descriptor);
base::Result<> ExtendDisk(const std::string& volume, const std::string& descriptor, std::int64_t capacity_kb);
// Takes all blocks of a flat file whose size is right, without changing what it holds.
base::Result<> TakeBlocks(const std::string& flat);
// What a base's descriptor says of that.
base::Result<> SayThin(const std::string& descriptor, bool thin);
// Removes a file; one that is not there is fine.
base::Result<> RemoveFile(const std::string& path);

// A fresh identity as descriptors have it: "60 00 C2 9a 01 23 45 67-89 ab cd ef 01 23 45 67".
std::string NewDiskUuid();

// "x-flat.vmdk" beside "x.vmdk".
std::string FlatOf(const std::string& descriptor);
// Why a file that IsShared() is not written.
base::Error SharedError(const std::string& file);
// Bytes that a file system can still take from an ordinary user.
std::int64_t FreeBytes(const std::string& folder);

}  // namespace vm
