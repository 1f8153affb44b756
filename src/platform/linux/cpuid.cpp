#include "platform/linux/cpuid.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace platform {

std::vector<CpuidLevel> ReadCpuid() {
    std::vector<CpuidLevel> out;
#if defined(__x86_64__)
    for (std::uint32_t level : {0x0u, 0x1u, 0x7u, 0xdu, 0x80000000u, 0x80000001u, 0x80000008u}) {
        CpuidLevel l{level};
        if (__get_cpuid_count(level, 0, &l.eax, &l.ebx, &l.ecx, &l.edx)) out.push_back(l);
    }
#endif
    return out;
}

}  // namespace platform
