// What the kernel writes about processors, as values: pure functions over text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/machine.h"

namespace platform {

// The text of /proc/cpuinfo (x86). Without topology lines, as some hypervisors leave
// them out, each logical processor counts as a core of package 0.
Cpu ParseCpuInfo(std::string_view text);

// "0-3,8,10-11" -> 0 1 2 3 8 10 11. Stops at what is not a list.
std::vector<int> ParseCpuList(std::string_view text);

// A register as HostCpuIdInfo has it: "0000:0000:0000:0000:0000:0000:0000:1011".
std::string RegisterBits(std::uint32_t value);

}  // namespace platform
