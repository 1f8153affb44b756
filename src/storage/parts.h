// What the rules of this folder work with.
#pragma once

#include "inventory/inventory.h"
#include "rt/pool.h"
#include "storage/place.h"
#include "task/tasks.h"

namespace storage {

class Conversion;

struct Parts {
    inventory::Inventory& inventory;
    task::Tasks& tasks;
    rt::Pool& pool;
    const vm::Volumes& volumes;
    // A datastore has less room, or more, than it had.
    std::function<rt::Co<void>(vim::Ref datastore)> changed;
    // Machines that have the disk see another one now. May be empty.
    std::function<rt::Co<void>(vm::DatastorePath disk)> disk_changed = {};
    // Reads disks of other makes; null where there is none.
    Conversion* conversion = nullptr;
};

// Removes what an interrupted operation had made: one datastore path a line, folders with
// all that is in them. What is not there is fine. Blocks.
void RemoveMade(const vm::VolumeList& volumes, const std::string& paths);

// How a task ends that a restart cut off.
inline vim::Fault CutOff(const std::string& what) {
    return vim::Fault(vim::FileFault(what),
                      what + ": a restart of the host agent cut the operation off; what it had made was removed");
}

}  // namespace storage
