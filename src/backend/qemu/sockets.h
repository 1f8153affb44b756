// Sockets behind serial ports: made by us, so that QEMU needs no right to make them.
#pragma once

#include <string>

#include "backend/qemu/run_dir.h"
#include "base/result.h"
#include "rt/fd.h"

namespace backend::qemu {

// "host port"; an empty host is every address of this machine.
base::Result<rt::Fd> ListenAtPort(const std::string& where);

// Named pipes are unix sockets in one folder of this host: a name has no path in it.
std::string PipeFolder(const RunDir& dir);
base::Result<rt::Fd> ListenAtPipe(const std::string& folder, const std::string& name);
base::Result<rt::Fd> ConnectToPipe(const std::string& folder, const std::string& name);

}  // namespace backend::qemu
