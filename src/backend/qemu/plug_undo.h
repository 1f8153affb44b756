// What plugging a part leaves in QEMU besides the device itself, and how that goes away.
#pragma once

#include <string>
#include <vector>

#include "backend/hypervisor.h"
#include "backend/qemu/qmp/commands.h"

namespace backend::qemu {

struct PlugUndo {
    std::vector<std::int64_t> sets;
    std::vector<std::string> nodes, netdevs, objects;
};

rt::Co<void> Undo(qmp::Client& qemu, PlugUndo undo);
// Of a device that is gone: nodes, sets, netdevs and memory by its names. What is not there
// is no error.
rt::Co<void> ClearLeavings(qmp::Client& qemu, Part part);

std::string DeviceOf(const Part& part);                  // "dev-2000", "scsi1", "dimm-0"
std::string IdOf(std::string_view words);                // of "user,id=net-4000"

}  // namespace backend::qemu
