// The hardware of a VM that runs, changed as its configuration was.
//
// QEMU keeps what was plugged over a restart of hostd; the .vmx says what the next start
// has. What a change does to the guest is all done or all undone.
#pragma once

#include "vm/context.h"

namespace vm {

class LiveHardware {
public:
    LiveHardware(Context& context, vim::Ref vm, Home home) : c_(context), vm_(std::move(vm)), home_(std::move(home)) {}

    // `config` is the one that has the devices. Waits for the guest.
    rt::Co<vim::Result<>> Unplug(std::vector<int> keys, const Config& config);
    // Controllers first. What is there already is fine.
    rt::Co<vim::Result<>> Plug(std::vector<int> keys, const Config& config);
    // Of drives; a failure may leave some of them changed.
    rt::Co<vim::Result<>> ChangeMedia(std::vector<LiveWork::Medium> media);
    // As `before` has them.
    rt::Co<void> PutMediaBack(std::vector<LiveWork::Medium> media, const Config& before);
    // Processors and memory.
    rt::Co<vim::Result<>> Grow(const Config& config);
    // Limits, networks, processors to run on.
    rt::Co<vim::Result<>> Tune(const LiveWork& live, const Config& config);

private:
    rt::Co<vim::Result<backend::VmSpec>> SpecOf(const Config& config);

    Context& c_;
    vim::Ref vm_;
    Home home_;
};

}  // namespace vm
