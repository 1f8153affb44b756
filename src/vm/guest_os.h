// Guest operating systems: the API's ids, what a .vmx calls them, and their names.
//
// Ids that we do not know are kept as they came: a newer client may know more than we.
#pragma once

#include <string>
#include <string_view>

namespace vm {

struct GuestOs {
    std::string_view id;                 // "debian10_64Guest"
    std::string_view vmx;                // "debian10-64"
    std::string_view family;             // "linuxGuest"
    std::string_view name;               // "Debian GNU/Linux 10 (64-bit)"
};

inline constexpr std::string_view kDefaultGuestId = "otherGuest";

// Null when we do not know it.
const GuestOs* FindGuestOs(std::string_view id);
std::string GuestIdFromVmx(std::string_view vmx);        // any case
std::string VmxFromGuestId(std::string_view id);
std::string GuestFullName(std::string_view id, std::string_view alternate);

}  // namespace vm
