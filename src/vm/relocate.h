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
        bool live = false;
    };
    vim::Result<MoveWish> Understand(const vim::call::RelocateVM& call, const Vm& vm, const Permit& permit) const;
    Done Run(vim::Ref vm, MoveWish wish, std::string user, task::Progress& progress);
    rt::Co<vim::Result<Moving>> Prepare(vim::Ref vm, MoveWish wish);
    rt::Co<vim::Result<>> CopyAll(Moving& moving, task::Progress& progress);
    rt::Co<vim::Result<>> WriteConfig(Moving& moving);
    rt::Co<vim::Result<>> Commit(Moving& moving);
    rt::Co<void> Undo(Moving& moving);
    rt::Co<void> ClearOld(vim::Ref vm, Intent intent);
    Done Resume(task::Unfinished what, task::Progress& progress);

    Context& c_;
};

}  // namespace vm
