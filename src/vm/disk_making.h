// Makes the files of a new disk and grows those of one, as steps of a task.
#pragma once

#include "rt/pool.h"
#include "task/tasks.h"
#include "vm/disk_files.h"

namespace vm {

// With its folder. `eager`: all of it is written now, which can be cancelled (kCancelled).
// Leaves no file behind when it fails.
rt::Co<base::Result<>> MakeDiskFiles(rt::Pool& pool, NewDisk disk, bool eager, task::Progress& progress);

// A disk that has that size already, since a restart came in between, is done.
rt::Co<base::Result<>> GrowDiskFiles(rt::Pool& pool, std::string volume, std::string descriptor,
                                     std::int64_t capacity_kb);

}  // namespace vm
