// Machine: the files under a running guest become others. QEMU copies and switches; what is
// kept here is which nodes stand for which files.
#include <fcntl.h>

#include <algorithm>

#include "backend/qemu/changes.h"
#include "backend/qemu/launch.h"
#include "backend/qemu/layers.h"
#include "backend/qemu/machine.h"
#include "backend/qemu/nodes.h"
#include "backend/qemu/qmp/block_commands.h"
#include "backend/qemu/qmp/layer_commands.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

constexpr base::Duration kLook = std::chrono::milliseconds(250);

std::string JobOf(int key) { return "move-" + BaseNode(key); }
std::string DeviceOf(int key) {
    return key == kVariablesKey ? std::string("/machine/system.flash1") : base::Cat("dev-", key);
}

// The nodes of a disk's files, from the base up.
std::vector<std::string> NodesOf(const DiskSpec& disk, int hop) {
    std::vector<std::string> out{BaseNode(disk.key, hop)};
    for (const std::string& file : disk.overlays) out.push_back(OverlayNode(disk.key, file, hop));
    return out;
}

// From the top down; what is not there is fine.
rt::Co<void> DropNodes(qmp::Client& qemu, std::vector<std::string> nodes) {
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
        if (auto dropped = co_await DropLayer(qemu, *node); !dropped)
            base::LogWarning("backend", base::Cat("the files of a moved disk stay open: ", dropped.error().message));
}

bool CanBypassCache(const std::string& path) {
    return bool(rt::Fd(open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK)));
}

rt::Co<base::Result<>> AddNode(rt::Pool& pool, qmp::Client& qemu, Layer layer, std::string path) {
    auto open = [path, &layer]() -> base::Result<rt::Fd> {
        layer.direct = layer.direct && CanBypassCache(path);
        return OpenMedium(path, false, layer.direct);
    };
    CO_TRY(file, co_await pool.Run(std::move(open)));
    CO_TRY(set, co_await qmp::AddFd(qemu, file.get()));
    layer.file = base::Cat("/dev/fdset/", set);
    auto added = co_await qmp::AddLayer(qemu, LayerOptions(layer));
    if (!added) (void)co_await qmp::RemoveFd(qemu, set);
    co_return added;
}

rt::Co<base::Result<>> AddNodes(rt::Pool& pool, qmp::Client& qemu, DiskMove move, int hop) {
    const DiskSpec& disk = move.to;
    std::vector<std::string> nodes = NodesOf(disk, hop);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        Layer layer{.node = nodes[i], .file = {}, .backing = i ? base::Cat('"', nodes[i - 1], '"') : std::string()};
        layer.writable = i + 1 == nodes.size();
        layer.direct = disk.key != kVariablesKey;
        layer.keeps_blocks = i == 0 && move.dense;
        auto added = co_await AddNode(pool, qemu, std::move(layer), i ? disk.overlays[i - 1] : disk.path);
        if (added) continue;
        nodes.resize(i);
        co_await DropNodes(qemu, std::move(nodes));
        co_return added;
    }
    co_return base::Result<>{};
}

// Which nodes the mirror makes is written down first: after a restart it tells whether the
// guest went on with them.
rt::Co<base::Result<>> Begin(rt::Pool& pool, std::shared_ptr<RunningVm> vm, qmp::Client& qemu, DiskMove move) {
    int key = move.from.key;
    CO_TRY(top, co_await qmp::TopNodeOf(qemu, DeviceOf(key)));
    if (top.empty()) co_return base::Error{base::Code::kNotFound, base::Cat("the guest has no disk ", key)};
    int hop = HopOf(top) + 1;
    vm->MutableRecord().hops[key] = hop;
    CO_CHECK(vm->dir().Write(vm->record()));
    CO_CHECK(co_await AddNodes(pool, qemu, move, hop));
    std::vector<std::string> nodes = NodesOf(move.to, hop);
    vm->ForgetJob(JobOf(key));
    auto begun = co_await qmp::StartLiveMirror(qemu, JobOf(key), top, nodes.back(), !move.to.overlays.empty());
    if (!begun) co_await DropNodes(qemu, std::move(nodes));
    co_return begun;
}

rt::Co<base::Result<>> AwaitConcluded(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, std::string job) {
    for (;;) {
        CO_TRY(state, co_await qmp::QueryJob(qemu, job));
        if (state.status.empty()) co_return base::Result<>{};
        if (state.status == "concluded") {
            CO_CHECK(co_await qmp::DismissJob(qemu, job));
            vm->ForgetJob(job);
            if (state.error.empty()) co_return base::Result<>{};
            co_return base::Error{base::Code::kIo, base::Cat("mirror a disk: ", state.error)};
        }
        auto concluded = [&] { return vm->JobStatus(job) == "concluded"; };
        (void)co_await vm->WaitFor(concluded, kLook);
        if (vm->ended()) co_return base::Error{base::Code::kIo, "QEMU ended while a disk was switched"};
    }
}

// The files that the guest no longer uses are let go of.
rt::Co<base::Result<>> SwitchOne(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, DiskMove move) {
    std::string job = JobOf(move.from.key);
    CO_TRY(state, co_await qmp::QueryJob(qemu, job));
    if (state.status == "ready") {
        CO_TRY(source, co_await qmp::TopNodeOf(qemu, DeviceOf(move.from.key)));
        co_await CarryChanges(qemu, move.from.key, NodesOf(move.to, HopOf(source) + 1).back());
        CO_CHECK(co_await qmp::CompleteJob(qemu, job));
    }
    CO_CHECK(co_await AwaitConcluded(vm, qemu, job));
    CO_TRY(top, co_await qmp::TopNodeOf(qemu, DeviceOf(move.from.key)));
    int hop = HopOf(top);
    if (hop == 0 || top != NodesOf(move.to, hop).back())
        co_return base::Error{base::Code::kInternal, base::Cat("disk ", move.from.key, " did not switch")};
    co_await DropNodes(qemu, NodesOf(move.from, hop - 1));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> GiveUp(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, DiskMove move) {
    std::string job = JobOf(move.from.key);
    CO_TRY(state, co_await qmp::QueryJob(qemu, job));
    if (!state.status.empty() && state.status != "concluded") CO_CHECK(co_await qmp::CancelJob(qemu, job));
    (void)co_await AwaitConcluded(vm, qemu, job);
    CO_TRY(top, co_await qmp::TopNodeOf(qemu, DeviceOf(move.from.key)));
    co_await DropNodes(qemu, NodesOf(move.to, HopOf(top) + 1));
    co_return base::Result<>{};
}

struct Ahead {
    bool ready = true;
    std::int64_t done = 0, total = 0;
};

rt::Co<base::Result<Ahead>> LookAtJobs(qmp::Client& qemu, const std::vector<DiskMove>& moves) {
    Ahead out;
    for (const DiskMove& move : moves) {
        CO_TRY(state, co_await qmp::QueryJob(qemu, JobOf(move.from.key)));
        if (state.status == "concluded" || state.status.empty()) {
            bool full = state.error.find("No space left") != std::string::npos;
            co_return base::Error{full ? base::Code::kNoSpace : base::Code::kIo,
                                  base::Cat("copy disk ", move.from.key, " to ",
                                            move.to.overlays.empty() ? move.to.path : move.to.overlays.back(), ": ",
                                            state.error.empty() ? "it was cut off" : state.error)};
        }
        out.ready = out.ready && state.status == "ready";
        out.done += state.done;
        out.total += state.total;
    }
    co_return out;
}

}  // namespace

rt::Co<base::Result<>> Machine::MirrorDisks(std::string id, std::vector<DiskMove> moves, Progress progress,
                                            std::function<bool()> cancelled) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    base::Result<> result;
    for (const DiskMove& move : moves)
        if (result) result = co_await Begin(pool_, vm, *qemu, move);
    auto settled = [&vm, &moves] {
        return std::all_of(moves.begin(), moves.end(), [&](const DiskMove& move) {
            std::string status = vm->JobStatus(JobOf(move.from.key));
            return status == "ready" || status == "concluded";
        });
    };
    while (result) {
        auto ahead = co_await LookAtJobs(*qemu, moves);
        if (!ahead) result = ahead.error();
        if (!result || ahead->ready) break;
        if (progress && ahead->total > 0) progress(static_cast<int>(ahead->done * 100 / ahead->total));
        if (cancelled && cancelled()) result = base::Error{base::Code::kCancelled, "cancelled by request"};
        if (result) (void)co_await vm->WaitFor(settled, kLook);
        if (vm->ended()) co_return base::Error{base::Code::kIo, "QEMU ended while its disks were copied"};
    }
    if (!result) (void)co_await StopMirrors(id, std::move(moves));
    co_return result;
}

rt::Co<base::Result<>> Machine::SwitchDisks(std::string id, std::vector<DiskMove> moves) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    for (const DiskMove& move : moves) CO_CHECK(co_await SwitchOne(vm, *qemu, move));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::StopMirrors(std::string id, std::vector<DiskMove> moves) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    base::Result<> first;
    for (const DiskMove& move : moves) {
        auto done = co_await GiveUp(vm, *qemu, move);
        if (first && !done) first = std::move(done);
    }
    co_return first;
}

rt::Co<base::Result<bool>> Machine::AnySwitched(std::string id, std::vector<DiskMove> moves) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    for (const DiskMove& move : moves) {
        CO_TRY(top, co_await qmp::TopNodeOf(*qemu, DeviceOf(move.from.key)));
        auto mirrored = vm->record().hops.find(move.from.key);
        if (mirrored != vm->record().hops.end() && HopOf(top) == mirrored->second) co_return true;
    }
    co_return false;
}

}  // namespace backend::qemu
