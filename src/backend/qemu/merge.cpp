// Machine: layers of disks put together by QEMU's own jobs, while the guest runs. A job goes
// on without us, and what it says at its end waits until it is heard.
#include "backend/qemu/changes.h"
#include "backend/qemu/layers.h"
#include "backend/qemu/machine.h"
#include "backend/qemu/nodes.h"
#include "backend/qemu/qmp/block_commands.h"
#include "backend/qemu/qmp/layer_commands.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

constexpr auto kLook = std::chrono::milliseconds(250);

std::string JobOf(int key) { return base::Cat("merge-", key); }

std::string FileAt(const DiskSpec& disk, std::size_t place) {
    const std::string& path = place == 0 ? disk.path : disk.overlays.at(place - 1);
    return path.substr(path.rfind('/') + 1);
}

base::Error Failed(const LayerMerge& merge, const std::string& words) {
    bool full = words.find("No space left") != std::string::npos;
    return {
        full ? base::Code::kNoSpace : base::Code::kIo,
        base::Cat("merge the layers of disk ", merge.disk.key, " into ", FileAt(merge.disk, merge.into), ": ", words)};
}

base::Error Ended(const RunningVm& vm) {
    return {base::Code::kIo, base::Cat("QEMU ended while layers were merged: ", vm.LastWords())};
}

// An event tells when it changes; how far it is has to be asked for.
rt::Co<base::Result<qmp::JobState>> LookAt(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, std::string job) {
    auto changed = [&] {
        std::string status = vm->JobStatus(job);
        return status == "ready" || status == "concluded";
    };
    (void)co_await vm->WaitFor(changed, kLook);
    if (vm->ended()) co_return Ended(*vm);
    co_return co_await qmp::QueryJob(qemu, job);
}

// What a job that failed says is heard once; one that went well stays until it is dismissed.
rt::Co<base::Result<>> AwaitEnd(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, LayerMerge merge) {
    std::string job = JobOf(merge.disk.key);
    auto concluded = [&] { return vm->JobStatus(job) == "concluded"; };
    for (;;) {
        CO_TRY(state, co_await qmp::QueryJob(qemu, job));
        if (state.status.empty()) co_return base::Result<>{};
        if (state.status == "concluded") {
            if (state.error.empty()) co_return base::Result<>{};
            (void)co_await qmp::DismissJob(qemu, job);
            co_return Failed(merge, state.error);
        }
        (void)co_await vm->WaitFor(concluded, kLook);
        if (vm->ended()) co_return Ended(*vm);
    }
}

rt::Co<base::Result<>> Begin(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, LayerMerge merge, DiskNodes nodes) {
    vm->ForgetJob(JobOf(merge.disk.key));
    bool active = merge.Active();
    qmp::LayerCommit commit{.job = JobOf(merge.disk.key),
                            .root = nodes.top,
                            .top = nodes.At(merge.disk, merge.from),
                            .base = nodes.At(merge.disk, merge.into),
                            .name = active ? std::string() : FileAt(merge.disk, merge.into)};
    // What is merged is what changed since the snapshot; what the guest writes later is added.
    if (active) CO_CHECK(co_await TrackNext(qemu, merge.disk.key, commit.base));
    co_return co_await qmp::StartLayerCommit(qemu, std::move(commit));
}

// Until everything is in the lower file. kCancelled: somebody wants it to be given up.
rt::Co<base::Result<>> Copy(std::shared_ptr<RunningVm> vm, qmp::Client& qemu, LayerMerge merge, Progress progress,
                            std::function<bool()> cancelled) {
    CO_TRY(nodes, co_await FindNodes(qemu, merge.disk.key));
    std::string job = JobOf(merge.disk.key);
    CO_TRY(there, co_await qmp::QueryJob(qemu, job));
    if (there.status.empty()) {
        CO_TRY(set, co_await qmp::FdSetOf(qemu, FileNode(nodes.At(merge.disk, merge.from))));
        if (!set) co_return base::Result<>{};  // it was merged before, and let go of
        auto begun = co_await Begin(vm, qemu, merge, nodes);
        if (!begun && begun.error().message.find("is not in this backing file chain") != std::string::npos)
            co_return base::Result<>{};          // merged before, and not let go of yet
        if (!begun) co_return begun;
    }
    for (;;) {
        CO_TRY(state, co_await LookAt(vm, qemu, job));
        if (state.status == "ready" || state.status.empty()) co_return base::Result<>{};
        if (state.status == "concluded") {
            if (state.error.empty()) co_return base::Result<>{};
            co_return co_await AwaitEnd(vm, qemu, merge);
        }
        if (progress && state.total > 0)
            progress(static_cast<int>(100 * std::min(state.done, state.total) / state.total));
        if (cancelled && cancelled())
            co_return base::Error{base::Code::kCancelled, "the merging of layers was cancelled"};
    }
}

// The connection breaks a moment before the end of the process is seen; who asked looks at that.
rt::Co<void> AwaitDeath(std::shared_ptr<RunningVm> vm) {
    constexpr auto kLongest = std::chrono::seconds(5);
    auto never = [] { return false; };
    (void)co_await vm->WaitFor(never, kLongest);
}

}  // namespace

rt::Co<base::Result<>> Machine::MergeLayers(std::string id, LayerMerge merge, Progress progress,
                                            std::function<bool()> cancelled) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    int key = merge.disk.key;
    auto done = co_await Copy(vm, *qemu, std::move(merge), std::move(progress), std::move(cancelled));
    if (done) co_return done;
    if (done.error().code == base::Code::kCancelled) (void)co_await GiveUpMerge(id, key);
    else if (vm->ended() || qemu->closed()) {
        co_await AwaitDeath(vm);
        if (vm->ended()) co_return Ended(*vm);
    }
    co_return done;
}

rt::Co<base::Result<>> Machine::EndMerge(std::string id, LayerMerge merge) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(nodes, co_await FindNodes(*qemu, merge.disk.key));
    std::string job = JobOf(merge.disk.key);
    CO_TRY(state, co_await qmp::QueryJob(*qemu, job));
    if (state.status == "ready") {
        vm->ForgetJob(job);
        CO_CHECK(co_await qmp::CompleteJob(*qemu, job));
    }
    CO_CHECK(co_await AwaitEnd(vm, *qemu, merge));
    (void)co_await qmp::DismissJob(*qemu, job);          // it holds its nodes; they can go only after it
    vm->ForgetJob(job);
    for (std::size_t place = merge.from; place > merge.into; --place)
        if (auto dropped = co_await DropLayer(*qemu, nodes.At(merge.disk, place)); !dropped)
            base::LogWarning(id, base::Cat(FileAt(merge.disk, place), " stays open: ", dropped.error().message));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::GiveUpMerge(std::string id, int key) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    std::string job = JobOf(key);
    CO_TRY(state, co_await qmp::QueryJob(*qemu, job));
    if (state.status.empty()) co_return base::Result<>{};
    vm->ForgetJob(job);
    if (state.status != "concluded") CO_CHECK(co_await qmp::CancelJob(*qemu, job));
    LayerMerge merge{.disk = {.key = key}};
    if (auto ended = co_await AwaitEnd(vm, *qemu, std::move(merge)); ended) (void)co_await qmp::DismissJob(*qemu, job);
    co_return base::Result<>{};
}

}  // namespace backend::qemu
