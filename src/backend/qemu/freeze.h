// The guest's file systems at rest for the moment of a snapshot, by its agent. Whatever
// happens to us in between, they are let go again: a mark in the run directory says that
// they may stand still.
#pragma once

#include "backend/qemu/running_vm.h"

namespace backend::qemu {

// kBusy: the agent refused or did not manage in time; the guest goes on.
rt::Co<base::Result<>> Freeze(std::shared_ptr<RunningVm> vm, base::Duration patience);
// Tries again until the agent says that it is done, for a while. Logs when it never does.
rt::Co<void> Thaw(std::shared_ptr<RunningVm> vm);

}  // namespace backend::qemu
