// What an operation on files writes into the journal before it begins: enough to end it
// after a restart, one way or the other.
#pragma once

#include <string>
#include <vector>

#include "vm/folder.h"

namespace vm {

struct Intent {
    std::string id;                      // of the VM
    std::string vmx;                     // datastore path of its .vmx
    std::string name;
    bool new_folder = false;             // the folder did not exist before
    std::vector<std::string> makes;      // datastore paths of files that are made
    std::vector<std::string> removes;    // and of those that go, once the change is kept
    std::vector<int> plugs, unplugs;     // devices of the guest that runs, by key
    std::string pool;                    // that it goes into; "" : the root pool
    struct Grow {
        std::string path;
        std::int64_t capacity_kb = 0;
        int key = 0;                     // of the device, when a guest is to be told; else 0
    };
    std::vector<Grow> grows;             // disks that get larger
    std::string text_sum;                // of the .vmx that the change writes

    std::string Text() const;            // JSON
    static Intent Parse(const std::string& text);        // what is missing or torn is empty
};

// A checksum that tells one .vmx text from another.
std::string SumOf(const std::string& text);

// FileAlreadyExists when a disk of that name, or its extent, is there: it would not be ours
// to clear up.
vim::Result<> CheckNew(const std::string& disk, const VolumeList& volumes);
// Whether a disk can have no such name, because a file has it. Of a datastore that is not there: no.
bool IsTaken(const DatastorePath& disk, const VolumeList& volumes);
// Removes the files that were made, and the folder when it is new and empty. Blocks.
void UndoFiles(const Intent& intent, const VolumeList& volumes);
// Removes files, each with its extent when it is a disk. Blocks.
base::Result<> RemoveFiles(const std::vector<std::string>& datastore_paths, const VolumeList& volumes);

}  // namespace vm
