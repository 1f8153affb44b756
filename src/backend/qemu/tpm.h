// A TPM 2.0 for one VM: a swtpm of its own, under the VM's user, that hears nobody but this
// QEMU and ends when it does. hostd may come and go. Its state is a file beside the VM's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "backend/qemu/run_dir.h"
#include "base/result.h"
#include "rt/fd.h"

namespace backend::qemu {

// Starts it; what is returned is QEMU's end of the only connection.
base::Result<rt::Fd> StartTpm(const std::string& file, std::optional<uid_t> user, pid_t& process);

// One whose QEMU never came to talk to it. Does nothing when it has ended.
void EndTpm(const RunRecord& record);

}  // namespace backend::qemu
