#include "vim/xml_names.h"

namespace vim {

static constexpr std::string_view kXsdPrefix = "xsd:";
static constexpr std::string_view kArrayOf = "ArrayOf";

static char Upper(char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; }
static char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

std::string_view ElementName(const Type& type) {
    if (type.kind == Kind::kManaged) return kRefType.name;
    if (type.name.starts_with(kXsdPrefix)) return type.name.substr(kXsdPrefix.size());
    return type.name;
}

void AppendArrayName(std::string& out, const Type& element) {
    auto name = ElementName(element);
    out += kArrayOf;
    out += Upper(name[0]);
    out += name.substr(1);
}

const Type* ElementOfArray(std::string_view array_name) {
    if (!array_name.starts_with(kArrayOf) || array_name.size() == kArrayOf.size()) return nullptr;
    auto name = array_name.substr(kArrayOf.size());
    const Type* type = FindType(name);
    if (type) return type->kind == Kind::kManaged ? nullptr : type;
    std::string scalar(kXsdPrefix);
    scalar += LowerOf(name[0]);
    scalar += name.substr(1);
    return FindType(scalar);
}

}  // namespace vim
