#include "backend/qemu/qmp/replies.h"

#include "backend/qemu/qmp/json.h"
#include "base/text.h"

namespace backend::qemu::qmp {
namespace {

base::Error Odd(std::string_view command) {
    return {base::Code::kInternal, base::Cat(command, ": QEMU gave an answer that is not of the form it documents")};
}

}  // namespace

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

}  // namespace backend::qemu::qmp
