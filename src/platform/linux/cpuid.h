// The CPUID leaves that HostHardwareInfo.cpuFeature lists, of the processor we run on.
#pragma once

#include <vector>

#include "platform/machine.h"

namespace platform {

std::vector<CpuidLevel> ReadCpuid();     // empty where there is no CPUID

}  // namespace platform
