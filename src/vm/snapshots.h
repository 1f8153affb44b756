// Snapshots of VMs: taken, renamed, reverted to, removed; and disks brought back to as few
// layers as the snapshots need.
//
// Removing is two things: the tree forgets the snapshot, which is one atomic write; then the
// layers that nobody needs any more are merged (consolidation), which may take long, fail or
// be cut off, and can always be begun again. Until it is done runtime.consolidationNeeded
// says so.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/context.h"
#include "vm/power.h"
#include "vm/snapshot_files.h"

namespace vm {

class Tracking;

class Snapshots {
public:
    Snapshots(Context& context, Power& power, Tracking& tracking) : c_(context), power_(power), tracking_(tracking) {}

    rt::Co<vim::Result<vim::Ref>> Create(vim::call::CreateSnapshot call, std::string user);
    rt::Co<vim::Result<vim::Ref>> CreateEx(vim::call::CreateSnapshotEx call, std::string user);
    rt::Co<vim::Result<>> Rename(vim::call::RenameSnapshot call, std::string user);
    rt::Co<vim::Result<vim::Ref>> RevertToCurrent(vim::call::RevertToCurrentSnapshot call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Revert(vim::call::RevertToSnapshot call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Remove(vim::call::RemoveSnapshot call, std::string user);
    rt::Co<vim::Result<vim::Ref>> RemoveAll(vim::call::RemoveAllSnapshots call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Consolidate(vim::call::ConsolidateVMDisks call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Estimate(vim::call::EstimateStorageForConsolidateSnapshots call, std::string user);

    // A snapshot that another task takes for a while, so that the disks of a guest that runs
    // stand still. `taking` and what the steps of `progress` say are for that task's journal.
    struct Passing {
        std::string taking;              // "" : there is none
        std::string step, state;         // the last step within
    };
    rt::Co<vim::Result<Passing>> PlanPassing(vim::Ref vm, std::string name);
    rt::Co<vim::Result<>> TakePassing(vim::Ref vm, Passing passing, std::string user, task::Progress& progress);
    // Also after a restart, however far it had come. An error: the disks need consolidation.
    rt::Co<vim::Result<>> EndPassing(vim::Ref vm, Passing passing, bool restarted, std::string user,
                                     task::Progress& progress);

    void RegisterResumers();

private:
    using Done = rt::Co<vim::Result<vim::Any>>;

    // What is asked for.
    struct Wanted {
        std::string name, description;
        bool memory = false, quiesce = false;
        base::Duration patience = backend::SnapshotPlan().patience;
    };
    // What is written into the journal before a snapshot is made.
    struct Taking {
        std::int64_t uid = 0, parent = 0;
        std::string name, description;
        bool memory = false, quiesce = false, running = false, suspended = false;
        base::Duration patience{};
        std::vector<codec::VmsdDisk> disks;              // as the snapshot will show them
        struct Layer {
            int key = 0;
            std::string below, above;                    // absolute: descriptors
            std::string path;                            // datastore path of `above`
        };
        std::vector<Layer> layers;
        std::string Text() const;
        static Taking Parse(const std::string& text);
    };
    // And before one is gone back to.
    struct Going {
        std::int64_t uid = 0;
        bool start = false;                              // goes on from its memory
        bool suspend = false;                            // is suspended again with its memory
        bool may_start = true;
        std::string Text() const;
        static Going Parse(const std::string& text);
    };

    vim::Result<std::shared_ptr<const Vm>> WithFiles(const vim::Ref& vm) const;
    vim::Result<vim::Ref> VmOf(const vim::Ref& snapshot) const;

    vim::Result<> CheckDevices(const Vm& vm, bool memory) const;
    vim::Result<> CheckRoom(const Home& home, const Taking& taking, const Vm& vm) const;
    rt::Co<vim::Result<Taking>> Plan(vim::Ref vm, Wanted wanted);
    rt::Co<vim::Result<vim::Ref>> StartCreate(const vim::Method* method, vim::Ref vm, Wanted wanted, std::string user);
    Done RunCreate(vim::Ref vm, Taking taking, std::string user, task::Progress& progress);
    rt::Co<vim::Result<bool>> Take(vim::Ref vm, Taking taking, Home home, task::Progress& progress);
    rt::Co<vim::Result<>> Keep(vim::Ref vm, Taking taking, Home home, bool quiesced);
    rt::Co<void> UndoCreate(vim::Ref vm, Taking taking, Home home);
    Done ResumeCreate(task::Unfinished what, task::Progress& progress);

    rt::Co<vim::Result<vim::Ref>> StartRevert(const vim::Method* method, vim::Ref vm, std::int64_t uid, bool may_start,
                                              std::string user);
    Done RunRevert(vim::Ref vm, Going going, std::string user, task::Progress& progress);
    Done ResumeRevert(task::Unfinished what, task::Progress& progress);

    // Forgets the snapshots of `uids`, then consolidates when asked.
    rt::Co<vim::Result<vim::Ref>> StartRemove(const vim::Method* method, vim::Ref vm, std::vector<std::int64_t> uids,
                                              bool consolidate, std::string user);
    Done RunRemove(vim::Ref vm, std::vector<std::int64_t> uids, bool consolidate, std::string user,
                   task::Progress& progress);
    Done ResumeRemove(task::Unfinished what, task::Progress& progress);
    Done RemoveAgain(vim::Ref vm, std::vector<std::int64_t> uids, bool consolidate, std::string gone, std::string user,
                     task::Progress& progress);

    rt::Co<vim::Result<>> MergeAll(vim::Ref vm, task::Progress& progress);
    rt::Co<void> StaySuspended(vim::Ref vm);

    Context& c_;
    Power& power_;
    Tracking& tracking_;
};

}  // namespace vm
