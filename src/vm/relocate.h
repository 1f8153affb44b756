// RelocateVM_Task on one host: a VM's files to other datastores, stopped or running.
//
// All files are copied beside the old ones first; what a running guest writes is mirrored.
// Then one step makes the new ones count (the list of VMs, or the .vmx), and the old ones go.
// Until that step whatever fails is undone by removing the copies.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/context.h"
#include "vm/intent.h"
#include "vm/move_plan.h"

namespace vm {

class Relocate {
public:
    explicit Relocate(Context& context) : c_(context) {}

    rt::Co<vim::Result<vim::Ref>> Start(vim::call::RelocateVM call, std::string user, const Permit& permit);
    void RegisterResumers();

private:
    using Done = rt::Co<vim::Result<vim::Any>>;
    struct Moving {
        vim::Ref ref;
        Home from, to;
        Loaded loaded;
        MovePlan plan;
        Intent intent;
        bool live = false;                               // a guest writes to some of the files
        std::map<std::string, std::int64_t> written;     // live: those files (absolute) -> bytes of their disk
    };
    vim::Result<MoveWish> Understand(const vim::call::RelocateVM& call, const Vm& vm, const Permit& permit) const;
    Done Run(vim::Ref vm, MoveWish wish, std::string user, task::Progress& progress);
    rt::Co<vim::Result<Moving>> Prepare(vim::Ref vm, MoveWish wish);
    rt::Co<vim::Result<>> CopyAll(Moving& moving, task::Progress& progress);
    rt::Co<void> CarryTracking(const Moving& moving);
    // The live part, in relocate_live.cpp.
    rt::Co<vim::Result<>> FindWritten(Moving& moving);
    rt::Co<base::Result<>> MakeEmpty(const Moving& moving, std::string from, std::string to);
    rt::Co<vim::Result<std::vector<backend::DiskMove>>> MovesOf(const Moving& moving);
    rt::Co<vim::Result<>> Mirror(Moving& moving, task::Progress& progress);
    rt::Co<vim::Result<>> Switch(Moving& moving);
    Done GoOn(Moving moving);
    rt::Co<bool> NewFilesAreNewer(const Moving& moving);
    rt::Co<vim::Result<>> WriteConfig(Moving& moving);
    rt::Co<vim::Result<>> Commit(Moving& moving);
    rt::Co<void> Remove(std::vector<std::string> files);
    rt::Co<void> Undo(Moving& moving);
    rt::Co<void> ClearOld(vim::Ref vm, Intent intent);
    Done Resume(task::Unfinished what, task::Progress& progress);
    Done GoOnOrUndo(vim::Ref vm, Intent intent, std::string step);
    rt::Co<vim::Result<Moving>> Rebuild(vim::Ref vm, Intent intent);
    Done Undone(Moving moving);
    // Events, in relocate_events.cpp.
    void TellBegin(const Intent& intent, const std::string& user, int chain);
    void TellEnd(const Intent& intent, const vim::Fault* why_not, const std::string& user, int chain);

    Context& c_;
};

}  // namespace vm
