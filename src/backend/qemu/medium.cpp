// Machine: another CD in the drive.
#include <algorithm>

#include "backend/qemu/machine.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

bool IsFloppy(int key) { return key >= 8000 && key < 8002; }

rt::Co<base::Result<>> Eject(qmp::Client& qemu, std::string device, std::string node) {
    CO_CHECK(co_await qmp::OpenTray(qemu, device));
    CO_CHECK(co_await qmp::RemoveMedium(qemu, device));
    co_return co_await qmp::DeleteNode(qemu, node);
}

rt::Co<base::Result<>> Insert(qmp::Client& qemu, std::string device, std::string node, rt::Fd file, bool read_only) {
    CO_TRY(set, co_await qmp::AddFd(qemu, file.get()));
    auto added = co_await qmp::AddMediumNode(qemu, node, set, read_only);
    (void)co_await qmp::RemoveFd(qemu, set);            // the node keeps what it opened
    CO_CHECK(std::move(added));
    // A guest that looks for its drives just now may close the tray again.
    constexpr int kTries = 5;
    base::Result<> in = base::Error{base::Code::kInternal, ""};
    for (int i = 0; i < kTries && !in; ++i) {
        (void)co_await qmp::OpenTray(qemu, device);
        in = co_await qmp::InsertMedium(qemu, device, node);
    }
    if (in) co_return co_await qmp::CloseTray(qemu, device);
    (void)co_await qmp::DeleteNode(qemu, node);
    co_return in;
}

}  // namespace

rt::Co<base::Result<>> Machine::ChangeMedium(std::string id, int key, std::string path) {
    CO_TRY(vm, Find(id));
    auto changed = co_await ChangeMediumOf(vm, key, std::move(path));
    if (!changed && changed.error().message.find("not found") != std::string::npos)
        co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " has no drive ", key)};
    co_return changed;
}

rt::Co<base::Result<>> Machine::ChangeMediumOf(Vm vm, int key, std::string path) {
    CO_TRY(qemu, vm->monitor());
    bool read_only = !IsFloppy(key);
    rt::Fd file;
    if (!path.empty()) {
        auto open = [path, read_only] { return OpenMedium(path, read_only); };
        CO_TRY(opened, co_await pool_.Run(open));
        file = std::move(opened);
    }
    std::string device = base::Cat("dev-", key), node = base::Cat("disk-", key);
    auto& drives = vm->MutableRecord().drives;
    auto loaded = std::find(drives.begin(), drives.end(), key);
    if (loaded != drives.end()) {
        CO_CHECK(co_await Eject(*qemu, device, node));
        drives.erase(loaded);
    }
    if (file) {
        CO_CHECK(co_await Insert(*qemu, device, node, std::move(file), read_only));
        drives.push_back(key);
    }
    co_return vm->dir().Write(vm->record());
}

}  // namespace backend::qemu
