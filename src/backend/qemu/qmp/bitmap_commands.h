// The commands about dirty bitmaps, typed; one function each.
#pragma once

#include <string>
#include <vector>

#include "backend/qemu/qmp/client.h"

namespace backend::qemu::qmp {

rt::Co<base::Result<>> AddBitmap(Client& qemu, std::string node, std::string name);      // of 64 KiB
rt::Co<base::Result<>> RemoveBitmap(Client& qemu, std::string node, std::string name);
rt::Co<base::Result<>> ClearBitmap(Client& qemu, std::string node, std::string name);
rt::Co<base::Result<>> SetRecording(Client& qemu, std::string node, std::string name, bool on);
// What those of the same name at the nodes `from` say is said by the one at `node` too; all or nothing.
rt::Co<base::Result<>> MergeBitmaps(Client& qemu, std::string node, std::string name, std::vector<std::string> from);
// A guest that powers itself off leaves a process that stands still.
rt::Co<base::Result<>> PauseAtShutdown(Client& qemu);

struct NodeBitmap {
    std::string node;
    bool recording = false;
    bool operator==(const NodeBitmap&) const = default;
};
// The nodes that have a bitmap of that name.
rt::Co<base::Result<std::vector<NodeBitmap>>> QueryBitmaps(Client& qemu, std::string name);
base::Result<std::vector<NodeBitmap>> ParseBitmaps(std::string_view reply, std::string_view name);

}  // namespace backend::qemu::qmp
