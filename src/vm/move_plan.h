// What a storage move takes where: files of a VM, from the datastores where they are to
// others. Names stay; folders are new ones.
#pragma once

#include <map>
#include <set>

#include "vm/folder.h"

namespace vm {

// What was asked for. Datastores by reference; a disk by its device key.
struct MoveWish {
    vim::Ref datastore;                  // of the VM's own files, and of every disk not named below; null: they stay
    std::map<int, vim::Ref> disks;
    // The form of every disk that moves, and of those named; else each keeps its own.
    std::optional<bool> thin;
    std::map<int, bool> thin_disks;
};

struct MovedFile {
    std::string from, to;                // datastore paths
    int disk_key = 0;                    // 0: not of a disk
    std::int64_t allocated = 0;
    bool dense = false;                  // a base: its blocks are taken before it is filled
    std::optional<bool> says_thin;       // a base's descriptor: what it says of its form from then on
};

struct MovePlan {
    DatastorePath vmx;                   // where it lies afterwards
    bool home_moves = false;
    std::set<std::string> new_folders;   // datastore paths of folders that are made
    std::vector<MovedFile> files;        // the .vmx first, when it moves
    std::map<int, std::string> disks;    // by key: the descriptor's new path
    std::map<std::string, std::int64_t> needs;   // bytes by datastore

    bool empty() const { return files.empty(); }
};

// Blocks: looks for names that are taken. `loaded` is the folder as it is now.
vim::Result<MovePlan> PlanMove(const Loaded& loaded, const Home& home, const MoveWish& wish);
// Of a datastore that can be used; ManagedObjectNotFound or InaccessibleDatastore.
vim::Result<const Volume*> UsableVolume(const VolumeList& volumes, const vim::Ref& datastore);
// A folder of that name that is not there yet: "web", "web_1", "web_2" ... Blocks.
DatastorePath FreshFolder(const Volume& volume, const std::string& name);
// NoDiskSpace unless every datastore has the room for what it is to take. Blocks.
vim::Result<> CheckRoom(const std::map<std::string, std::int64_t>& bytes_by_datastore, const VolumeList& volumes);
// The same of what is to lie beside a .vmx; `what` it is for follows "no room".
vim::Result<> CheckRoomBeside(const Home& home, std::int64_t bytes, std::string_view what);
// The configuration as it is after the move.
Config MovedConfig(Config config, const MovePlan& plan);

}  // namespace vm
