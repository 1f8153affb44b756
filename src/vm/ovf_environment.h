// How a VM's OVF properties reach the guest: a CD labelled "OVF ENV" with ovf-env.xml, in its
// first drive that is empty, made anew at each power-on.
#pragma once

#include "backend/hypervisor.h"
#include "vm/config.h"

namespace vm {

// Blocks. Nothing when the VM has no properties. `again`: it goes on with the CD that it had.
base::Result<> AddOvfEnvironment(const Config& config, const std::string& folder, base::Time now, bool again,
                                 backend::VmSpec& spec);

}  // namespace vm
