// Commands that touch disks and answer only that they are done.
#pragma once

#include "backend/qemu/qmp/client.h"
#include "backend/qemu/qmp/json.h"

namespace backend::qemu::qmp {

// They wait until what is under way on the disks has come to its end.
constexpr auto kSlow = std::chrono::seconds(60);

rt::Co<base::Result<>> Give(Client& qemu, std::string command, json::object arguments);

}  // namespace backend::qemu::qmp
