// Copies of a VM's files from one folder to another: large ones by the disk server, sparse
// as they are, small ones whole.
#pragma once

#include "vm/context.h"

namespace vm {

// A new file, synced. kExists when it is there, kCancelled; no file is left when it fails.
rt::Co<base::Result<>> CopyVmFile(Context& context, std::string from, std::string to, task::Progress& progress,
                                  std::function<void(int percent)> percent);

}  // namespace vm
