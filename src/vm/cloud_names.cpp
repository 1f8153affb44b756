// What a customized guest is called.
#include "base/text.h"
#include "vm/cloud_seed.h"

namespace vm {
namespace {

constexpr std::size_t kLongest = 63;     // of a label, by RFC 1035

bool IsName(std::string_view name) {
    bool digits = true;
    for (unsigned char c : name) {
        if (!std::isalnum(c) && c != '-') return false;
        digits = digits && std::isdigit(c);
    }
    return !name.empty() && name.size() <= kLongest && !digits && name.front() != '-' && name.back() != '-';
}

// "Shop & more" is called "Shop-more".
std::string Fitting(std::string_view vm_name) {
    std::string out;
    for (unsigned char c : vm_name)
        if (std::isalnum(c)) out += static_cast<char>(c);
        else if (!out.empty() && out.back() != '-') out += '-';
    out.resize(std::min(out.size(), kLongest));
    while (!out.empty() && out.back() == '-') out.pop_back();
    return out;
}

std::string Numbered(std::string_view base, const std::set<std::string>& taken) {
    for (int number = 1;; ++number) {
        std::string end = std::to_string(number);
        std::string name = base::Cat(base.substr(0, kLongest - end.size()), end);
        if (!taken.contains(base::Lower(name))) return name;
    }
}

}  // namespace

vim::Result<std::string> HostNameFor(const vim::CustomizationName& how, const std::string& vm_name,
                                     const std::set<std::string>& taken) {
    constexpr std::string_view kWhere = "spec.identity.hostName";
    std::string name;
    if (how.type().IsA(vim::CustomizationFixedName::kType)) {
        name = static_cast<const vim::CustomizationFixedName&>(how).name;
    } else if (how.type().IsA(vim::CustomizationPrefixName::kType)) {
        name = Numbered(static_cast<const vim::CustomizationPrefixName&>(how).base, taken);
    } else if (how.type().IsA(vim::CustomizationVirtualMachineName::kType)) {
        name = Fitting(vm_name);
        if (IsName(name) && taken.contains(base::Lower(name))) name = Numbered(name, taken);
    } else {
        return vim::Fault(vim::InvalidArgument(std::string(kWhere)),
                          base::Cat("a host knows nobody to ask for a name, which ", how.type().name, " needs"));
    }
    if (IsName(name)) return name;
    return vim::Fault(vim::InvalidArgument(std::string(kWhere)),
                      base::Cat('"', name,
                                "\" is no host name: up to 63 letters, digits and hyphens, not digits alone; "
                                "the domain has a field of its own"));
}

}  // namespace vm
