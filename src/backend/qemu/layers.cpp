#include "backend/qemu/layers.h"

#include <fcntl.h>

#include "backend/qemu/launch.h"
#include "backend/qemu/nodes.h"
#include "backend/qemu/qmp/layer_commands.h"
#include "base/text.h"

namespace backend::qemu {

// "disk-2000-s000001" -> "disk-2000"; what else the first part says stays.
std::string DiskNodes::Base() const { return top.substr(0, top.find('-', top.find('-') + 1)); }

std::string DiskNodes::Overlay(const std::string& file) const {
    return Base() + OverlayNode(key, file).substr(BaseNode(key).size());
}

std::string DiskNodes::At(const DiskSpec& disk, std::size_t place) const {
    return place == 0 ? Base() : Overlay(disk.overlays.at(place - 1));
}

rt::Co<base::Result<DiskNodes>> FindNodes(qmp::Client& qemu, int key) {
    CO_TRY(top, co_await qmp::TopNodeOf(qemu, base::Cat("dev-", key)));
    if (top.empty()) co_return base::Error{base::Code::kNotFound, base::Cat("the guest has no disk ", key)};
    co_return DiskNodes{key, std::move(top)};
}

rt::Co<base::Result<>> AddLooseLayer(rt::Pool& pool, qmp::Client& qemu, std::string node, std::string path) {
    struct Opened {
        rt::Fd file;
        bool direct = false;
    };
    auto open = [path]() -> base::Result<Opened> {
        bool direct = bool(rt::Fd(::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK)));
        TRY(file, OpenMedium(path, false, direct));
        return Opened{std::move(file), direct};
    };
    CO_TRY(opened, co_await pool.Run(open));
    CO_TRY(set, co_await qmp::AddFd(qemu, opened.file.get()));
    Layer layer{.node = std::move(node),
                .file = base::Cat("/dev/fdset/", set),
                .backing = "null",
                .writable = true,
                .direct = opened.direct};
    auto added = co_await qmp::AddLayer(qemu, LayerOptions(layer));
    if (!added) (void)co_await qmp::RemoveFd(qemu, set);
    co_return added;
}

rt::Co<base::Result<>> DropLayer(qmp::Client& qemu, std::string node) {
    CO_TRY(set, co_await qmp::FdSetOf(qemu, FileNode(node)));
    if (!set) co_return base::Result<>{};
    CO_CHECK(co_await qmp::DeleteNode(qemu, node));
    if (*set >= 0) (void)co_await qmp::RemoveFd(qemu, *set);
    co_return base::Result<>{};
}

}  // namespace backend::qemu
