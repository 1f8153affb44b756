// Machine: snapshots of a guest that runs. The guest stands still, or its file systems do,
// only from the moment at which everything is prepared to the one at which all disks are
// written to their new layers.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "backend/qemu/changes.h"
#include "backend/qemu/freeze.h"
#include "backend/qemu/layers.h"
#include "backend/qemu/machine.h"
#include "backend/qemu/nodes.h"
#include "backend/qemu/qmp/layer_commands.h"
#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

base::Result<> SyncAs(int file, const std::string& part, const std::string& path) {
    if (fsync(file) != 0) return base::FromErrno(errno, base::Cat("write ", part, " to the disk"));
    if (rename(part.c_str(), path.c_str()) != 0) return base::FromErrno(errno, base::Cat("name the file ", path));
    return rt::SyncDir(std::filesystem::path(path).parent_path());
}

rt::Co<void> DropAll(qmp::Client& qemu, std::vector<qmp::Overlaying> layers) {
    for (const qmp::Overlaying& layer : layers) (void)co_await DropLayer(qemu, layer.overlay);
}

// The nodes of the new layers, beside the disks; nothing has changed yet for the guest.
rt::Co<base::Result<std::vector<qmp::Overlaying>>> Prepare(rt::Pool& pool, qmp::Client& qemu, SnapshotPlan plan) {
    std::vector<qmp::Overlaying> out;
    for (const NewLayer& layer : plan.layers) {
        auto nodes = co_await FindNodes(qemu, layer.key);
        base::Result<> added;
        if (!nodes) added = nodes.error();
        else added = co_await AddLooseLayer(pool, qemu, nodes->Overlay(layer.path), layer.path);
        if (!added) {
            co_await DropAll(qemu, std::move(out));
            co_return std::move(added).error().While(base::Cat("snapshot of disk ", layer.key));
        }
        out.push_back({nodes->top, nodes->Overlay(layer.path)});
    }
    co_return out;
}

}  // namespace

rt::Co<base::Result<>> Machine::SaveMemory(Vm vm, qmp::Client& qemu, std::string file, Progress progress) {
    std::string part = file + ".part";
    int raw = open(part.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    rt::Fd owner(raw);
    if (!owner) co_return base::FromErrno(errno, base::Cat("make ", part));
    auto set = co_await qmp::AddFd(qemu, raw);
    base::Result<> written;
    if (!set) written = set.error();
    if (written) written = co_await qmp::MigrateToSet(qemu, *set);
    if (written) written = co_await WriteState(vm, qemu, part, std::move(progress));
    if (!written) (void)co_await qmp::MigrateCancel(qemu);
    if (set) (void)co_await qmp::RemoveFd(qemu, *set);
    auto sync = [raw, part, file] { return SyncAs(raw, part, file); };
    if (written) written = co_await pool_.Run(sync);
    if (!written) unlink(part.c_str());
    co_return written;
}

// What firmware and guest have written there until now; nobody writes meanwhile.
static rt::Co<base::Result<>> CopyVariables(rt::Pool& pool, SnapshotPlan plan) {
    constexpr std::size_t kLargest = 4 << 20;
    auto copy = [from = plan.variables, to = plan.variables_copy]() -> base::Result<> {
        TRY(bytes, rt::ReadFile(from, kLargest));
        return rt::WriteFileAtomically(to, bytes, 0600);
    };
    co_return co_await pool.Run(std::move(copy));
}

// The changed blocks of a disk up to here belong to what is beneath, later ones to the new
// layer: who counts them does so around LayOver().
rt::Co<base::Result<bool>> Machine::Switch(Vm vm, qmp::Client& qemu, SnapshotPlan plan, Progress progress) {
    CO_TRY(layers, co_await Prepare(pool_, qemu, plan));
    std::string id = vm->record().vm;
    bool memory = !plan.memory.empty();
    bool variables = !plan.variables.empty(), hold = memory || variables;
    bool freeze = !memory && plan.quiesce && vm->agent_open() && vm->state() == RunState::kRunning;
    base::Result<> done;
    if (freeze) done = co_await Freeze(vm, plan.patience);
    bool frozen = freeze && done;
    if (hold && done) done = co_await Hold(id);
    if (memory && done) done = co_await SaveMemory(vm, qemu, plan.memory, std::move(progress));
    if (variables && done) done = co_await CopyVariables(pool_, plan);
    for (std::size_t i = 0; done && i < layers.size(); ++i)
        done = co_await TrackNext(qemu, plan.layers[i].key, layers[i].overlay);
    if (done && !layers.empty()) done = co_await qmp::LayOver(qemu, layers);
    if (!done) {
        co_await DropAll(qemu, std::move(layers));
        if (memory) unlink(plan.memory.c_str());
        if (variables) unlink(plan.variables_copy.c_str());
    }
    auto released = hold ? co_await Release(id) : base::Result<>{};
    if (frozen) co_await Thaw(vm);                       // its agent runs again
    if (!done) co_return std::move(done).error();
    if (!released) co_return std::move(released).error();
    co_return frozen;
}

rt::Co<base::Result<bool>> Machine::TakeSnapshot(std::string id, SnapshotPlan plan, Progress progress) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    auto done = co_await Switch(vm, *qemu, std::move(plan), std::move(progress));
    if (!done) co_return std::move(done).error().While(base::Cat("snapshot of \"", vm->record().name, '"'));
    co_return done;
}

rt::Co<base::Result<bool>> Machine::Writes(std::string id, int key, std::string path) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(nodes, co_await FindNodes(*qemu, key));
    co_return nodes.top == nodes.Overlay(path);
}

}  // namespace backend::qemu
