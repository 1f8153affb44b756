// The EFI variables of a VM: its .nvram file, as the firmware keeps it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "backend/hypervisor.h"

namespace backend::qemu {

// Makes the file at the first start (with Microsoft's keys when secure boot is on) and asks
// for the firmware's set-up when the spec does. A file that is not ours (VMware's has another
// form) is put aside as x.nvram.foreign. Blocks.
base::Result<> PrepareVariables(const VmSpec& spec);

// The store inside of the file's bytes. All of them take any bytes.
bool IsVariableStore(std::string_view bytes);
// Sets OsIndications so that the firmware goes to its set-up once. kInvalid: no store, or
// no room in it.
base::Result<> AskForSetup(std::string& bytes);
// True when the store holds the keys that secure boot needs.
bool HasPlatformKey(std::string_view bytes);

}  // namespace backend::qemu
