#include "backend/qemu/agent/replies.h"

#include <algorithm>

#include "backend/qemu/qmp/json.h"
#include "base/text.h"

namespace backend::qemu::agent {
namespace {

namespace json = boost::json;
using qmp::Member, qmp::Parse;

constexpr std::size_t kLongestText = 255;
constexpr std::size_t kMostNics = 32, kMostAddresses = 64;

base::Error Odd(std::string_view command) {
    return {base::Code::kInternal, base::Cat(command, ": the guest agent gave an answer of another form")};
}

// Text that may go into the inventory and onto somebody's terminal. A cut does not go
// through the middle of a character.
std::string Clean(const json::value* v) {
    std::string text = qmp::Text(v);
    std::size_t end = std::min(text.size(), kLongestText);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    return text;
}

std::vector<std::string> ReadAddresses(const json::value& nic) {
    std::vector<std::string> out;
    const json::value* list = Member(nic, "ip-addresses");
    if (!list || !list->is_array()) return out;
    for (const json::value& a : *list->if_array()) {
        std::string address = Clean(Member(a, "ip-address"));
        std::int64_t prefix = qmp::Int(Member(a, "prefix"));
        if (address.empty() || prefix < 0 || prefix > 128) continue;
        if (address.find_first_not_of("0123456789abcdefABCDEF.:") != std::string::npos) continue;
        out.push_back(base::Cat(address, '/', prefix));
        if (out.size() == kMostAddresses) break;
    }
    return out;
}

}  // namespace

Reply ParseReply(std::string_view line) {
    while (!line.empty() && static_cast<unsigned char>(line.front()) == 0xff) line.remove_prefix(1);
    std::optional<json::value> v = Parse(line);
    if (!v) return {};
    if (const json::value* value = Member(*v, "return")) return {Reply::kReturn, json::serialize(*value)};
    if (const json::value* error = Member(*v, "error")) return {Reply::kRefusal, Clean(Member(error, "desc"))};
    return {};
}

base::Result<std::int64_t> ParseSync(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_number()) return Odd("guest-sync-delimited");
    return qmp::Int(&*v);
}

base::Result<std::string> ParseVersion(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("guest-info");
    return Clean(Member(*v, "version"));
}

base::Result<std::string> ParseHostName(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("guest-get-host-name");
    return Clean(Member(*v, "host-name"));
}

base::Result<std::vector<GuestNic>> ParseInterfaces(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_array()) return Odd("guest-network-get-interfaces");
    std::vector<GuestNic> out;
    for (const json::value& nic : *v->if_array()) {
        GuestNic n{Clean(Member(nic, "hardware-address")), Clean(Member(nic, "name")), ReadAddresses(nic)};
        if (n.mac.empty() || n.mac == "00:00:00:00:00:00") continue;     // lo and tunnels
        out.push_back(std::move(n));
        if (out.size() == kMostNics) break;
    }
    return out;
}

std::vector<NicUsage> ParseCounts(std::string_view reply) {
    std::vector<NicUsage> out;
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_array()) return out;
    for (const json::value& nic : *v->if_array()) {
        const json::value* s = Member(nic, "statistics");
        std::string mac = Clean(Member(nic, "hardware-address"));
        if (!s || !s->is_object() || mac.empty() || mac == "00:00:00:00:00:00") continue;
        if (std::any_of(out.begin(), out.end(), [&](const NicUsage& n) { return n.mac == mac; })) continue;
        NicUsage n{.mac = std::move(mac),
                   .received_bytes = qmp::Int(Member(*s, "rx-bytes")),
                   .sent_bytes = qmp::Int(Member(*s, "tx-bytes")),
                   .received_packets = qmp::Int(Member(*s, "rx-packets")),
                   .sent_packets = qmp::Int(Member(*s, "tx-packets"))};
        if (std::min({n.received_bytes, n.sent_bytes, n.received_packets, n.sent_packets}) < 0) continue;
        out.push_back(std::move(n));
        if (out.size() == kMostNics) break;
    }
    return out;
}

bool ParseCanRun(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::value* list = v ? Member(*v, "supported_commands") : nullptr;
    if (!list || !list->is_array()) return false;
    int needed = 0;
    for (const json::value& c : *list->if_array()) {
        std::string name = qmp::Text(Member(c, "name"));
        if (qmp::Bool(Member(c, "enabled")) && (name == "guest-exec" || name == "guest-file-open")) ++needed;
    }
    return needed == 2;
}

// Rounded, so that a guest that writes a log line does not change what is known of it.
base::Result<std::vector<GuestDisk>> ParseFilesystems(std::string_view reply) {
    constexpr std::int64_t kRound = 1 << 20;
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_array()) return Odd("guest-get-fsinfo");
    std::vector<GuestDisk> out;
    for (const json::value& f : *v->if_array()) {
        GuestDisk d;
        d.path = Clean(Member(f, "mountpoint"));
        d.capacity = qmp::Int(Member(f, "total-bytes"));
        std::int64_t used = qmp::Int(Member(f, "used-bytes"));
        if (d.path.empty() || d.capacity <= 0 || used < 0 || used > d.capacity) continue;
        d.free = (d.capacity - used) / kRound * kRound;
        out.push_back(std::move(d));
        if (out.size() == kMostNics) break;
    }
    std::sort(out.begin(), out.end(), [](const GuestDisk& a, const GuestDisk& b) { return a.path < b.path; });
    return out;
}

base::Result<std::int64_t> ParseProcess(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::value* pid = v && v->is_object() ? Member(*v, "pid") : v ? &*v : nullptr;
    if (!pid || !pid->is_number()) return Odd("guest-exec");
    return qmp::Int(pid);
}

base::Result<std::optional<GuestOutcome>> ParseOutcome(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("guest-exec-status");
    if (!qmp::Bool(Member(*v, "exited"))) return std::optional<GuestOutcome>();
    GuestOutcome out;
    if (const json::value* code = Member(*v, "exitcode")) out.exit_code = static_cast<int>(qmp::Int(code));
    out.out = base::Unbase64(qmp::Text(Member(*v, "out-data"))).value_or("");
    out.err = base::Unbase64(qmp::Text(Member(*v, "err-data"))).value_or("");
    return std::optional<GuestOutcome>(std::move(out));
}

base::Result<std::string> ParseFilePiece(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("guest-file-read");
    auto piece = base::Unbase64(qmp::Text(Member(*v, "buf-b64")));
    if (!piece) return Odd("guest-file-read");
    return *std::move(piece);
}

base::Result<std::int64_t> ParseWritten(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("guest-file-write");
    return qmp::Int(Member(*v, "count"));
}

base::Result<std::chrono::nanoseconds> ParseTime(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    std::int64_t nanoseconds = v && (v->is_int64() || v->is_uint64()) ? qmp::Int(&*v) : -1;
    if (nanoseconds < 0) return Odd("guest-get-time");   // so that differences to it fit
    return std::chrono::nanoseconds(nanoseconds);
}

base::Result<> ParseOsInfo(std::string_view reply, GuestInfo& into) {
    std::optional<json::value> v = Parse(reply);
    if (!v || !v->is_object()) return Odd("guest-get-osinfo");
    into.os_id = Clean(Member(*v, "id"));
    into.os_name = Clean(Member(*v, "name"));
    into.os_version = Clean(Member(*v, "version-id"));
    into.kernel = Clean(Member(*v, "kernel-release"));
    return {};
}

}  // namespace backend::qemu::agent
