#include "backend/qemu/nodes.h"

#include <algorithm>
#include <cstdint>

#include "backend/hypervisor.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

constexpr std::string_view kDisk = "disk-", kVariables = "nvram";

// What tells one file of a disk from its others: VMware's number, or a sum of the name.
std::string LabelOf(const std::string& file) {
    std::string name = file.substr(file.rfind('/') + 1);
    constexpr std::string_view kEnd = "-delta.vmdk";
    if (name.ends_with(kEnd)) name.resize(name.size() - kEnd.size());
    std::string digits = name.size() > 7 && name[name.size() - 7] == '-' ? name.substr(name.size() - 6) : std::string();
    if (!digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return "s" + digits;
    std::uint32_t hash = 2166136261u;
    for (unsigned char c : name) hash = (hash ^ c) * 16777619u;
    return base::Cat("x", hash);
}

std::string Common(const Layer& l, bool writable) {
    return base::Cat(R"("read-only":)", writable ? "false" : "true", R"(,"discard":")",
                     l.keeps_blocks ? "ignore" : "unmap", R"(","cache":{"direct":)", l.direct ? "true" : "false",
                     R"(,"no-flush":false})");
}

}  // namespace

std::string BaseNode(int key, int hop) {
    std::string name = key == kVariablesKey ? std::string(kVariables) : base::Cat(kDisk, key);
    return hop ? base::Cat(name, "h", hop) : name;
}

std::string OverlayNode(int key, const std::string& file, int hop) {
    return base::Cat(BaseNode(key, hop), "-", LabelOf(file));
}

int HopOf(const std::string& node) {
    std::string_view rest = node;
    for (std::string_view begin : {kDisk, kVariables})
        if (rest.starts_with(begin)) rest.remove_prefix(begin.size());
    rest = rest.substr(0, rest.find('-'));
    auto at = rest.find('h');
    return at == rest.npos ? 0 : static_cast<int>(base::ToInt(rest.substr(at + 1)).value_or(0));
}

std::string FileNode(const std::string& node) {
    return base::Cat("file-", std::string_view(node).substr(node.starts_with(kDisk) ? kDisk.size() : 0));
}

std::string LayerOptions(const Layer& l) {
    bool bottom = l.backing.empty();
    std::string out = base::Cat(R"({"driver":")", bottom ? "raw" : "qcow2", R"(","node-name":")", l.node, "\",",
                                Common(l, l.writable), R"(,"file":{"driver":"file","node-name":")", FileNode(l.node),
                                R"(","filename":")", l.file, R"(","aio":")", l.direct ? "native" : "threads", "\",",
                                Common(l, l.open_for_writing), "}");
    if (!bottom) out += base::Cat(R"(,"backing":)", l.backing);
    return out + "}";
}

}  // namespace backend::qemu
