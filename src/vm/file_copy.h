// Copies of a VM's files from one folder to another: large ones by the disk server, sparse
// as they are, small ones whole.
#pragma once

#include "backend/disk_server.h"
#include "vm/context.h"
#include "vm/disk_files.h"

namespace vm {

// A new file, synced. kExists when it is there, kCancelled; no file is left when it fails.
rt::Co<base::Result<>> CopyVmFile(Context& context, std::string from, std::string to, task::Progress& progress,
                                  std::function<void(int percent)> percent);

// A disk to be read while it is at rest, whoever else has it open.
std::vector<backend::DiskLayer> LayersToRead(const DiskFacts& facts);
// What the layers show, as one new raw file, in the same way.
rt::Co<base::Result<>> CopyLayers(Context& context, std::vector<backend::DiskLayer> layers, std::string to,
                                  task::Progress& progress, std::function<void(int percent)> percent);

}  // namespace vm
