// Which files running and suspended machines need: nobody may take them away or write over them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "vm/datastore_path.h"

namespace storage {

struct FileInUse {
    vm::DatastorePath file;
    std::string machine;                 // its name
};

std::vector<FileInUse> FilesInUse(const inventory::Snapshot& now);

// The machine that has this file among its own; none: an empty reference.
vim::Ref OwnerOf(const inventory::Snapshot& now, const vm::DatastorePath& file);
// The first file that is `path` or lies in it.
std::optional<FileInUse> UsedWithin(const std::vector<FileInUse>& files, const vm::DatastorePath& path);
// FileLocked, with the machine's name.
vim::Result<> CheckUnused(const inventory::Snapshot& now, const vm::DatastorePath& path);
// FileLocked when a running machine writes this disk (its descriptor) now: what lies below, of
// its snapshots, is at rest.
vim::Result<> CheckNotWritten(const inventory::Snapshot& now, const vm::DatastorePath& disk);

}  // namespace storage
