// User numbers for processes of ours, which nobody else on this machine uses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace backend::qemu {

std::uint32_t HashOf(std::string_view text);

// The first of the thousand that the host with this run folder takes; hosts on one machine
// seldom share.
uid_t FirstUserOf(const std::string& run);

}  // namespace backend::qemu
