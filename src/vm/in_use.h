// Which files running and suspended machines need: nobody may take them away or write over them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "vim/gen/vm.h"
#include "vm/datastore_path.h"

namespace vm {

struct FileInUse {
    DatastorePath file;
    std::string machine;                 // its name
};

std::vector<FileInUse> FilesInUse(const inventory::Snapshot& now);

// The machine that has this file among its own; none: an empty reference.
vim::Ref OwnerOf(const inventory::Snapshot& now, const DatastorePath& file);
// The first file that is `path` or lies in it.
std::optional<FileInUse> UsedWithin(const std::vector<FileInUse>& files, const DatastorePath& path);
// FileLocked, with the machine's name.
vim::Result<> CheckUnused(const inventory::Snapshot& now, const DatastorePath& path);
// FileLocked when a running machine writes this disk (its descriptor) now: what lies below, of
// its snapshots, is at rest.
vim::Result<> CheckNotWritten(const inventory::Snapshot& now, const DatastorePath& disk);

// FileLocked when another machine has one of these files, which are about to go or to become larger,
// among its own. kActive: one that runs or is suspended.
enum class Others { kAny, kActive };
vim::Result<> CheckNobodyElses(const inventory::Snapshot& now, const vim::Ref& self,
                               const std::vector<std::string>& files, Others which = Others::kAny);
// Those of the files that another machine has among its own.
std::set<std::string> AlsoOfOthers(const inventory::Snapshot& now, const vim::Ref& self,
                                   const std::vector<std::string>& files);
// FileLocked when a disk of this machine, which is about to run, is one of another that runs or is
// suspended (if not both share it), or lies below a snapshot of another.
vim::Result<> CheckDisksFree(const inventory::Snapshot& now, const vim::Ref& self,
                             const vim::VirtualMachineConfigInfo& config);

}  // namespace vm
