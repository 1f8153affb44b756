// What an imagined VM uses: values that move as a real one's do, differ from VM to VM, and
// are the same whenever the same time is looked at.
#pragma once

#include "backend/hypervisor.h"
#include "base/clock.h"

namespace backend::sim {

// After it ran for `up`.
Usage ImagineUsage(const VmSpec& spec, base::Duration up);

}  // namespace backend::sim
