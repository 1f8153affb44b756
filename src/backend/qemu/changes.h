// Which blocks of a disk a guest changes: a bitmap "cbt" on the block node that it writes.
//
// QEMU keeps it in memory only: it is gone with the process, and whoever needs it reads it
// before. A layer that is written no more keeps its own until that was read.
#pragma once

#include "backend/hypervisor.h"
#include "backend/qemu/qmp/client.h"

namespace backend::qemu {

// For a VM that has not run yet.
rt::Co<base::Result<>> TrackAtStart(qmp::Client& qemu, VmSpec spec);
// `node` is about to be what the guest writes for this disk, be it an overlay or a layer that
// one is merged into: when its changes are tracked, they are there too.
rt::Co<base::Result<>> TrackNext(qmp::Client& qemu, int key, std::string node);
// `node` is about to be all that there is of the disk, with the same content, and the guest
// stands still: what was noted is noted there. When that cannot be, the disk is tracked no more.
rt::Co<void> CarryChanges(qmp::Client& qemu, int key, std::string node);

}  // namespace backend::qemu
