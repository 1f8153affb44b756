// Customizing Linux guests by cloud-init: what a client wants is kept beside the machine, given
// to the guest at its next start, and followed until the guest says that it is done.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/context.h"
#include "vm/customization_state.h"

namespace vm {

class Customization {
public:
    explicit Customization(Context& context) : c_(context) {}

    struct Options {
        base::Duration look_every = std::chrono::seconds(5);
        base::Duration patience = std::chrono::minutes(15);      // from a start on
    } options;

    rt::Co<vim::Result<>> Check(vim::call::CheckCustomizationSpec call);
    rt::Co<vim::Result<vim::Ref>> Start(vim::call::CustomizeVM call, std::string user);

    // For whoever makes a VM with a customization: the seed, to be kept with WriteSeed() and
    // WriteCustomization() once the VM's .vmx is there. `config`: as the VM will be.
    rt::Co<vim::Result<CloudSeed>> Prepare(vim::Ptr<vim::CustomizationSpec> spec, Config config, std::string instance);
    static std::string NewInstance();

    // After a start, by Power: tells of it, and follows it.
    rt::Co<void> Begun(vim::Ref vm, SeedAtStart seed, bool again);
    // After a restart of hostd: those that run.
    void FollowRunning();
    void RegisterResumers();

private:
    struct Outcome {
        std::string failure;             // "" : it succeeded
    };
    rt::Co<vim::Result<vim::Any>> Run(vim::Ref vm, std::shared_ptr<const CloudSeed> seed, std::string user,
                                      task::Progress& progress);
    rt::Co<vim::Result<vim::Any>> Resume(task::Unfinished what);
    rt::Co<void> Follow(vim::Ref vm, int following);
    rt::Co<std::optional<Outcome>> Look(vim::Ref vm, CustomizationState state);
    rt::Co<void> End(vim::Ref vm, Outcome outcome, CustomizationState::Kind left);

    Context& c_;
    std::unordered_map<std::string, int> following_;     // by id of a VM: the one that counts
    int last_ = 0;
};

}  // namespace vm
