#include "backend/qemu/qmp/replies.h"

#include <algorithm>
#include <tuple>

#include "backend/qemu/qmp/json.h"
#include "base/text.h"

namespace backend::qemu::qmp {

base::Result<Status> ParseStatus(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::value* status = v ? Member(*v, "status") : nullptr;
    if (!status || !status->is_string()) return Odd("query-status");
    return Status{Text(status), Bool(Member(*v, "running"))};
}

base::Result<Migration> ParseMigration(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("query-migrate");
    Migration m;
    m.status = Text(Member(*v, "status"));
    if (m.status.empty()) m.status = "none";
    m.error = Text(Member(*v, "error-desc"));
    const json::value* ram = Member(*v, "ram");
    m.total = Int(Member(ram, "total"));
    m.transferred = Int(Member(ram, "transferred"));
    m.remaining = Int(Member(ram, "remaining"));
    return m;
}

base::Result<bool> ParsePortOpen(std::string_view reply, std::string_view label) {
    std::optional<json::value> v = Parse(reply);
    const json::array* ports = v ? v->if_array() : nullptr;
    if (!ports) return Odd("query-chardev");
    for (const json::value& port : *ports) {
        if (Text(Member(port, "label")) == label) return Bool(Member(port, "frontend-open"));
    }
    return false;
}

// "dev-2000", or a path with that in it.
static int KeyOf(std::string_view device) {
    constexpr std::string_view kMark = "dev-";
    auto at = device.rfind(kMark);
    if (at == std::string_view::npos) return 0;
    device.remove_prefix(at + kMark.size());
    return static_cast<int>(base::ToInt(device.substr(0, device.find('/'))).value_or(0));
}

base::Result<std::vector<DriveStats>> ParseBlockStats(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::array* drives = v ? v->if_array() : nullptr;
    if (!drives) return Odd("query-blockstats");
    std::vector<DriveStats> out;
    for (const json::value& drive : *drives) {
        int key = KeyOf(Text(Member(drive, "qdev")));
        const json::value* stats = Member(drive, "stats");
        if (!key || !stats || !Member(drive, "node-name")) continue;
        auto number = [&](std::string_view name) { return Int(Member(stats, name)); };
        out.push_back({key, number("rd_operations"), number("wr_operations"), number("rd_bytes"), number("wr_bytes"),
                       number("rd_total_time_ns"), number("wr_total_time_ns")});
    }
    return out;
}

base::Result<std::int64_t> ParseFdSet(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::value* set = v ? Member(*v, "fdset-id") : nullptr;
    if (!set || !set->is_number()) return Odd("add-fd");
    return Int(set);
}

base::Result<bool> ParseHasName(std::string_view reply, std::string_view name) {
    std::optional<json::value> v = Parse(reply);
    const json::array* list = v ? v->if_array() : nullptr;
    if (!list) return Odd("qom-list");
    return std::any_of(list->begin(), list->end(),
                       [&](const json::value& p) { return Text(Member(p, "name")) == name; });
}

base::Result<std::vector<std::string>> ParseNodeNames(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::array* list = v ? v->if_array() : nullptr;
    if (!list) return Odd("query-named-block-nodes");
    std::vector<std::string> out;
    for (const json::value& node : *list) out.push_back(Text(Member(node, "node-name")));
    return out;
}

base::Result<std::vector<std::int64_t>> ParseFdSets(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::array* list = v ? v->if_array() : nullptr;
    if (!list) return Odd("query-fdsets");
    std::vector<std::int64_t> out;
    for (const json::value& set : *list) out.push_back(Int(Member(set, "fdset-id")));
    return out;
}

// QEMU lists them the other way round.
base::Result<std::vector<CpuPlace>> ParseCpuPlaces(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::array* list = v ? v->if_array() : nullptr;
    if (!list) return Odd("query-hotpluggable-cpus");
    using Where = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
    std::vector<std::pair<Where, CpuPlace>> found;
    for (const json::value& one : *list) {
        const json::value* props = Member(one, "props");
        const json::object* where = props ? props->if_object() : nullptr;
        if (!where) return Odd("query-hotpluggable-cpus");
        json::object device = *where;
        device.erase("node-id");             // it follows from the rest
        device["driver"] = Text(Member(one, "type"));
        found.push_back({{Int(Member(props, "socket-id")), Int(Member(props, "die-id")), Int(Member(props, "core-id")),
                          Int(Member(props, "thread-id"))},
                         {json::serialize(device), Member(one, "qom-path") != nullptr}});
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<CpuPlace> out;
    for (auto& [where, place] : found) out.push_back(std::move(place));
    return out;
}

}  // namespace backend::qemu::qmp
