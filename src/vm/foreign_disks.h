// Disks of other makes that a machine brings with it become ours before anything else is done
// with them; see storage/conversion.h, which does it.
#pragma once

#include "vm/context.h"

namespace vm {

// The disks of a machine and of its snapshots, as its files name them. Blocks.
std::vector<DatastorePath> DisksOf(const Home& home);

// One that is not there is left to whoever needs it.
rt::Co<vim::Result<>> MakeDiskOurs(Context& context, DatastorePath disk, task::Progress& progress);
// All of a machine's at once: deltas that share a parent cannot be read once that is ours.
rt::Co<vim::Result<>> MakeDisksOurs(Context& context, Home home, task::Progress& progress);

}  // namespace vm
