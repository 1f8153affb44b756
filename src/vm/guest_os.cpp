#include "vm/guest_os.h"

#include "base/text.h"
#include "host/guest_os.h"

namespace vm {

std::string GuestIdFromVmx(std::string_view vmx) {
    if (const host::GuestRow* row = host::FindGuestByVmx(vmx)) return std::string(row->id);
    if (vmx.empty()) return std::string(kDefaultGuestId);
    std::string id(vmx);
    for (char& c : id)
        if (c == '-') c = '_';
    return id + "Guest";
}

// The ending "-64" is what readers of a .vmx tell the processor's width by.
std::string VmxFromGuestId(std::string_view id) {
    if (const host::GuestRow* row = host::FindGuest(id)) return std::string(row->vmx);
    std::string vmx = base::Lower(id.ends_with("Guest") ? id.substr(0, id.size() - 5) : id);
    for (char& c : vmx)
        if (c == '_') c = '-';
    return vmx;
}

std::string GuestFullName(std::string_view id, std::string_view alternate) {
    if (!alternate.empty()) return std::string(alternate);
    const host::GuestRow* row = host::FindGuest(id);
    return std::string(row ? row->full_name : id);
}

std::string GuestFamilyName(std::string_view id) {
    const host::GuestRow* row = host::FindGuest(id);
    return std::string(host::FamilyName(row ? row->family : host::GuestFamily::kOther));
}

}  // namespace vm
