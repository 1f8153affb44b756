// Brings the disks of one VM to as few layers as its snapshots need; while it runs by its own
// QEMU, of what it has not open by the disk server.
//
// The layers of a merge hold the same data before, while and after; names in descriptors,
// .vmsd, .vmsn and .vmx change one by one, each atomically, and files go last. So it may be
// cut off at any moment, and is then begun again.
#pragma once

#include "rt/signal.h"
#include "vm/context.h"
#include "vm/snapshot_files.h"

namespace vm {

class LayerMerges {
public:
    LayerMerges(Context& context, vim::Ref vm, Home home, task::Progress& progress)
        : c_(context), vm_(std::move(vm)), home_(std::move(home)), progress_(progress) {}

    // Until nothing is left to merge.
    rt::Co<vim::Result<>> Run();

private:
    struct Job {
        MergePlan plan;
        std::string node;                                // "scsi0:0" of the disk that the guest writes; "" : none
        backend::LayerMerge live;
        bool active = false;
        int percent = 0;
        bool ended = false;
        base::Result<> result;
    };
    using Jobs = std::vector<std::shared_ptr<Job>>;

    bool Runs() const { return c_.hypervisor.StateOf(vm_.id) != backend::RunState::kStopped; }
    rt::Co<vim::Result<bool>> Round();                   // true: there was something to do
    void Describe(Job& job, const Config& config) const;
    rt::Co<base::Result<>> CopyAll(Jobs jobs);
    static rt::Co<void> CopyOne(LayerMerges* self, std::shared_ptr<Job> job);
    rt::Co<base::Result<>> CopyLive(std::shared_ptr<Job> job);
    rt::Co<base::Result<>> CopyIdle(std::shared_ptr<Job> job);
    rt::Co<base::Result<>> SwitchOver(std::shared_ptr<Job> job);
    rt::Co<base::Result<>> Finish(Jobs jobs);
    static std::string GoneText(const Jobs& jobs);
    void Tell(const std::shared_ptr<Job>& job, int percent);

    Context& c_;
    vim::Ref vm_;
    Home home_;
    task::Progress& progress_;
    Layers layers_;
    Jobs jobs_;
    rt::Signal ended_;
};

// All that names `from` names `into`; then the layers that were merged are removed. Blocks.
base::Result<> Rename(const Home& home, const Layers& layers, const MergePlan& plan);

// What a merge that was cut off before its end has left: those of the layers in `gone`, a line
// each, that nothing names any more. Blocks.
base::Result<> RemoveMerged(const Home& home, const Config& config, const std::string& gone);

}  // namespace vm
