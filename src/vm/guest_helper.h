// The shell script that acts in a guest for a user of that guest. It is sent with every
// operation, so nothing has to be installed there but the agent
// (docs/decisions/0012-guest-operations-by-a-script.md).
#pragma once

#include <string_view>

namespace vm {

extern const std::string_view kGuestHelper;

// How it ends when it does not end well.
namespace helper {
constexpr int kWrongLogin = 91, kCannotCheck = 92, kNotFound = 94, kDenied = 95, kExists = 96, kOther = 97;
}

}  // namespace vm
