// On which logical processors a QEMU may run.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"

namespace backend::qemu {

// All its threads, and those that they start. Empty: every processor of the machine.
base::Result<> SetAffinity(pid_t pid, const std::vector<int>& processors);

}  // namespace backend::qemu
