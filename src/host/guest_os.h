// The guest systems that clients can choose from, with what suits each.
#pragma once

#include <span>
#include <string_view>

#include "vim/gen/guest.h"

namespace host {

enum class GuestFamily { kLinux, kWindows, kOther, kDarwin };

// How demanding a guest is: decides the recommended size and devices.
enum class GuestAge { kOld, kModern };

struct GuestRow {
    std::string_view id;             // "debian10_64Guest"
    std::string_view vmx;            // "debian10-64"
    std::string_view full_name;
    GuestFamily family;
    GuestAge age;
    int since_hardware;              // the first hardware version that offers it
};

std::span<const GuestRow> GuestRows();
const GuestRow* FindGuest(std::string_view id);                 // null when unknown
const GuestRow* FindGuestByVmx(std::string_view vmx);           // any case
std::string_view FamilyName(GuestFamily family);                // "linuxGuest"

vim::Ptr<vim::GuestOsDescriptor> GuestDescriptor(const GuestRow& row);

}  // namespace host
