// Random identities.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace base {

std::string RandomBytes(std::size_t count);   // from the kernel; ends the process if it cannot
std::string RandomHex(std::size_t bytes);     // secrets such as session cookies
std::string NewUuid();                        // random (version 4), lower case, dashed

// The dashed lower-case form of a UUID written in any usual way (dashes, blanks
// or none, as .vmx files have it); nullopt when it is not one.
std::optional<std::string> NormalUuid(std::string_view text);

}  // namespace base
