// CloneVM_Task: another machine with the disks of this one, as they are now or were at a
// snapshot; copied, or (a linked clone) shared up to that snapshot.
//
// A clone is a creation whose disks are copied: its .vmx is written last, and until then
// whatever fails is undone by removing what was made. A guest that runs is not held up: a
// snapshot of its own is taken for the time of the copying.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/clone_plan.h"
#include "vm/customization.h"
#include "vm/lifecycle.h"
#include "vm/power.h"
#include "vm/snapshots.h"

namespace vm {

class Clone {
public:
    Clone(Context& context, Lifecycle& lifecycle, Snapshots& snapshots, Power& power, Customization& customization)
        : c_(context), lifecycle_(lifecycle), snapshots_(snapshots), power_(power), customization_(customization) {}

    rt::Co<vim::Result<vim::Ref>> Start(vim::call::CloneVM call, std::string user, const Permit& permit);
    void RegisterResumers();

private:
    using Done = rt::Co<vim::Result<vim::Any>>;
    struct Cloning {
        vim::Ref source;
        CloneWish wish;
        Spec spec;                       // what is to be different
        Lifecycle::Making making;        // of the clone
        ClonePlan plan;
        bool running = false;            // a guest writes to the disks
        bool power_on = false;
        Snapshots::Passing passing;      // in which they stand still
        vim::Ptr<vim::CustomizationSpec> customize;
        std::shared_ptr<const CloudSeed> seed;
        CustomizationState customized;   // what the clone's .vmx is to say of the seed
        std::string Text() const;        // for the journal
        static Cloning Parse(const std::string& text);
        std::vector<std::string> Holds() const;
    };
    vim::Result<> CheckServed(const vim::call::CloneVM& call, const Vm& vm) const;
    vim::Result<> ReadLocation(const vim::VirtualMachineRelocateSpec& location, Cloning& cloning) const;
    vim::Result<Cloning> Understand(const vim::call::CloneVM& call, const Vm& vm, const Permit& permit) const;
    Done Run(std::shared_ptr<Cloning> cloning, std::string user, task::Progress& progress);
    rt::Co<vim::Result<>> Plan(Cloning& cloning);
    vim::Result<> ApplySpec(Cloning& cloning) const;
    rt::Co<vim::Result<>> PlanCustomization(Cloning& cloning);
    rt::Co<vim::Result<>> KeepSeed(Cloning& cloning);
    // Its lines in the .vmx, when they are not there yet.
    rt::Co<vim::Result<>> TellCustomization(DatastorePath vmx, CustomizationState state);
    rt::Co<vim::Result<vim::Ref>> Make(Cloning& cloning, std::string user, task::Progress& progress);
    // In clone_disks.cpp.
    rt::Co<vim::Result<>> CopyAll(Cloning& cloning, std::string user, task::Progress& progress);
    rt::Co<vim::Result<>> CopyFiles(Cloning& cloning, task::Progress& progress);
    rt::Co<base::Result<>> MakeDisk(ClonedDisk disk, VolumeList volumes, task::Progress& progress);
    rt::Co<void> EndPassing(Cloning& cloning, bool restarted, std::string user, task::Progress& progress);
    rt::Co<void> Undo(Intent intent);
    rt::Co<void> Finish(vim::Ref source, vim::Ref clone, bool power_on, std::string user, int chain);
    Done Resume(task::Unfinished what, task::Progress& progress);
    void TellFailure(const vim::Ref& source, const std::string& name, const vim::Fault& why, const std::string& user,
                     int chain);

    Context& c_;
    Lifecycle& lifecycle_;
    Snapshots& snapshots_;
    Power& power_;
    Customization& customization_;
};

}  // namespace vm
