// What a clone is made of: the configuration that it begins with, and which disk of the
// source becomes which file.
#pragma once

#include <map>
#include <set>

#include "vm/folder.h"

namespace vm {

// What was asked for. Datastores by reference; a disk by its device key in the source.
struct CloneWish {
    std::string name;
    DatastorePath vmx;                   // of the clone, in a folder that is not there yet
    std::int64_t snapshot = 0;           // of the source; 0: as it is now
    bool linked = false;                 // on the files of that snapshot, not on copies of them
    vim::Ref datastore;                  // of disks that are not named below; null: where they are now
    std::optional<bool> thin;            // of those; nothing: as they are now
    struct Disk {
        vim::Ref datastore;
        std::optional<bool> thin;
    };
    std::map<int, Disk> disks;
};

struct ClonedDisk {
    int key = 0;
    Located source;                      // the descriptor whose content it gets
    std::string path;                    // datastore path of its descriptor; of a linked one that of its base
    std::vector<std::string> makes;      // of all its descriptors; the configuration names the last
    std::vector<std::string> shares;     // of files that are the source's too
    std::int64_t capacity_kb = 0;
    bool thin = false, linked = false;
    std::string adapter;                 // as in its descriptor
    std::int64_t bytes = 0;              // that it takes
};

struct ClonePlan {
    Config config;
    std::vector<ClonedDisk> disks;
    std::vector<std::pair<std::string, std::string>> others;     // files copied as they are: from, to
    std::set<std::string> new_folders;   // on other datastores than the .vmx
    // By datastore, of the disks that the configuration (still) has.
    std::map<std::string, std::int64_t> Needs() const;
};

// Blocks: reads the source's disks. `loaded` is its folder as it is now.
vim::Result<ClonePlan> PlanClone(const Loaded& loaded, const Home& home, const CloneWish& wish);
// A disk that the configuration has lost or given another file since is not copied.
void DropUnused(ClonePlan& plan);

}  // namespace vm
