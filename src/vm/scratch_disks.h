// Disks in mode independent_nonpersistent: what a guest writes to one goes into a file of its
// own in the machine's folder, and is forgotten when the machine is powered off or reset.
//
//     web-scsi0-1.REDO      of the disk at scsi0:1 of web.vmx
//
// A suspended machine keeps them. Everything here blocks.
#pragma once

#include "backend/hypervisor.h"
#include "vm/folder.h"

namespace vm {

bool HasScratchDisks(const Config& config);

// Puts a fresh file above each such disk of `spec`; `resuming` takes those that are there.
base::Result<> MakeScratch(const Home& home, const Config& config, bool resuming, backend::VmSpec& spec);
// Of a machine that does not run. What cannot be removed is told in the log.
void RemoveScratch(const Home& home);

}  // namespace vm
