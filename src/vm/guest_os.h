// Guest operating systems: the API's ids and what a .vmx calls them (host/guest_os.h has
// the table).
//
// Ids that we do not know are kept as they came: a newer client may know more than we.
#pragma once

#include <string>
#include <string_view>

namespace vm {

inline constexpr std::string_view kDefaultGuestId = "otherGuest";

std::string GuestIdFromVmx(std::string_view vmx);        // any case
std::string VmxFromGuestId(std::string_view id);
std::string GuestFullName(std::string_view id, std::string_view alternate);
std::string GuestFamilyName(std::string_view id);        // "linuxGuest"

}  // namespace vm
