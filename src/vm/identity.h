// A VM's uuid, and the place that goes with it. A folder that was copied brings the uuid of
// its original: two VMs with one are a puzzle to whoever goes by it, so the copy asks at its
// first power-on whether it was moved or copied. `uuid.action` in its .vmx ("keep",
// "create") answers beforehand.
#pragma once

#include "vm/questions.h"

namespace vm {

// The uuid that stands for this place, as `uuid.location` has it.
std::string LocationOf(const DatastorePath& vmx, const VolumeList& volumes);

// It is another machine from here on: a new uuid, and what goes with one is to be made anew.
void GiveNewIdentity(Config& config);

class Identity {
public:
    Identity(Context& context, Questions& questions) : c_(context), questions_(questions) {}

    // Before it is powered on. InvalidState: whoever was asked chose to cancel.
    rt::Co<vim::Result<>> Settle(vim::Ref vm);

private:
    vim::Ref Double(const Vm& vm) const;                 // another VM of the same uuid
    rt::Co<vim::Result<>> Keep(vim::Ref vm, std::string location, bool copied);

    Context& c_;
    Questions& questions_;
};

}  // namespace vm
