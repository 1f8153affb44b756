// The commands that snapshots of disks are made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/qemu/qmp/client.h"

namespace backend::qemu::qmp {

// `options` as backend/qemu/nodes.h makes them.
rt::Co<base::Result<>> AddLayer(Client& qemu, std::string options);

// Lays each overlay over its node; all in one moment or none.
struct Overlaying {
    std::string node, overlay;
};
rt::Co<base::Result<>> LayOver(Client& qemu, std::vector<Overlaying> layers);

// What `top` and the nodes down to `base` hold goes into `base`. `root` is the node of the
// device; when it is `top` itself the job becomes ready and stays. `name` goes into the head
// of the file above `top`, for people; "" when there is none.
struct LayerCommit {
    std::string job, root, top, base, name;
};
rt::Co<base::Result<>> StartLayerCommit(Client& qemu, LayerCommit commit);

// The node that a device of the guest uses; "" : none, or there is no such device.
rt::Co<base::Result<std::string>> TopNodeOf(Client& qemu, std::string device);
base::Result<std::string> ParseTopNodeOf(std::string_view reply, std::string_view device);
// Whether a drive waits for room on its file system.
rt::Co<base::Result<bool>> IsAnyFull(Client& qemu);
base::Result<bool> ParseAnyFull(std::string_view reply);
// The descriptor set that a file node was opened from; nullopt: there is no such node.
rt::Co<base::Result<std::optional<std::int64_t>>> FdSetOf(Client& qemu, std::string file_node);
base::Result<std::optional<std::int64_t>> ParseFdSetOf(std::string_view reply, std::string_view file_node);

}  // namespace backend::qemu::qmp
