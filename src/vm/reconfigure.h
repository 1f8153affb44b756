// Changing a VM: ReconfigVM_Task, Rename_Task, and reading its folder again.
//
// The .vmx is replaced in one step; disks are made before it and removed after it. So
// whatever moment hostd dies at, the old configuration or the new one is whole.
#pragma once

#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_vm.h"
#include "vm/context.h"
#include "vm/intent.h"

namespace vm {

class Tracking;

class Reconfigure {
public:
    Reconfigure(Context& context, Tracking& tracking) : c_(context), tracking_(tracking) {}

    rt::Co<vim::Result<vim::Ref>> Reconfig(vim::call::ReconfigVM call, std::string user, const Permit& permit);
    rt::Co<vim::Result<vim::Ref>> Upgrade(vim::call::UpgradeVM call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Rename(vim::call::Rename call, std::string user, const Permit& permit);
    rt::Co<vim::Result<>> Reload(vim::call::Reload call);
    rt::Co<vim::Result<>> RefreshStorage(vim::call::RefreshStorageInfo call);

    // Somebody else has changed a disk: the machines that have it are read again.
    rt::Co<void> DiskChanged(DatastorePath disk);

    void RegisterResumers();

private:
    using Done = rt::Co<vim::Result<vim::Any>>;
    rt::Co<vim::Result<vim::Ref>> StartChange(const vim::Method* method, vim::Ref vm, Spec spec, std::string user);
    Done Run(vim::Ref vm, std::shared_ptr<const Spec> spec, std::string user, task::Progress& progress);
    vim::Result<Change> Plan(const vim::Ref& vm, const Spec& spec);
    rt::Co<vim::Result<>> Prepare(const Change& change, const Home& home, Intent& intent, task::Progress& progress);
    rt::Co<vim::Result<>> Keep(vim::Ref vm, Change change, std::shared_ptr<const Vm> before, Home home,
                               task::Progress& progress);
    rt::Co<vim::Result<>> Attach(vim::Ref vm, const Change& change, std::shared_ptr<const Vm> before, Home home,
                                 Intent intent);
    rt::Co<void> SettleHardware(vim::Ref vm, std::vector<int> keys);
    rt::Co<vim::Result<>> ApplyLive(vim::Ref vm, LiveWork live);
    void PublishImagined(const vim::Ref& vm, Config config);
    void Tell(const vim::Ref& vm, const Config& before, const Spec& spec, const std::string& user, int chain);
    rt::Co<vim::Result<>> FinishGrowth(vim::Ref vm, Intent intent, DatastorePath vmx);
    Done Resume(task::Unfinished what, task::Progress& progress);

    Context& c_;
    Tracking& tracking_;
};

}  // namespace vm
