// Versions of virtual hardware: which there are, what each may have, and since which a device
// is offered.
//
// The hardware itself is the same for all of them. A version says what an administrator may
// give to a VM that is to run elsewhere too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace host {

struct HardwareRow {
    int version;
    std::string_view product;            // whose hardware it was first
    int max_cpus;
    std::int64_t max_memory_mb;
};

std::span<const HardwareRow> HardwareRows();
const HardwareRow* FindHardware(int version);                    // null: not offered
inline bool IsOffered(int version) { return FindHardware(version); }
int NewestHardware();

int HardwareNumber(std::string_view key);                        // "vmx-13" -> 13, of any; 0: it is none
std::string HardwareKey(int version);                            // 8 -> "vmx-08"

// The first version with this type of device ("VirtualTPM"); 0: all have it.
int SinceHardware(std::string_view type);

}  // namespace host
