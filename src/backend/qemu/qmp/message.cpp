#include "backend/qemu/qmp/message.h"

#include <algorithm>

#include "backend/qemu/qmp/json.h"
#include "base/text.h"

namespace backend::qemu::qmp {
namespace {

int SmallInt(const json::value* v) { return static_cast<int>(std::clamp<std::int64_t>(Int(v), 0, 1'000'000)); }

Version ReadVersion(const json::value* greeting) {
    const json::value* v = Member(Member(greeting, "version"), "qemu");
    return {SmallInt(Member(v, "major")), SmallInt(Member(v, "minor")), SmallInt(Member(v, "micro"))};
}

// The members of different events have different names for the same thing.
std::string FirstText(const json::value* data, std::initializer_list<std::string_view> names) {
    for (std::string_view name : names) {
        std::string text = Text(Member(data, name));
        if (!text.empty()) return text;
    }
    return {};
}

Event ReadEvent(const json::value& v) {
    const json::value* data = Member(v, "data");
    Event e;
    e.name = Text(Member(v, "event"));
    e.guest = Bool(Member(data, "guest"));
    e.reason = Text(Member(data, "reason"));
    e.action = Text(Member(data, "action"));
    e.subject = FirstText(data, {"node-name", "id", "device", "name"});
    e.open = Bool(Member(data, "open")) || Bool(Member(data, "tray-open"));
    e.status = Text(Member(data, "status"));
    return e;
}

}  // namespace

std::string Quote(std::string_view s) {
    json::value v(json::string(s.data(), s.size()));
    std::string text = json::serialize(v);
    if (Parse(text)) return text;
    std::string clean(s);
    for (char& c : clean)
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return json::serialize(json::value(json::string(clean)));
}

base::Error Odd(std::string_view command) {
    return {base::Code::kInternal, base::Cat(command, ": QEMU gave an answer that is not of the form it documents")};
}

Message ParseMessage(std::string_view line) {
    Message m;
    std::optional<json::value> v = Parse(line);
    if (!v || !v->is_object()) return m;
    m.id = Int(Member(*v, "id"));
    if (const json::value* greeting = Member(*v, "QMP")) {
        m.kind = Message::kGreeting;
        m.version = ReadVersion(greeting);
    } else if (Member(*v, "event")) {
        m.kind = Message::kEvent;
        m.event = ReadEvent(*v);
    } else if (const json::value* reply = Member(*v, "return")) {
        m.kind = Message::kReply;
        m.body = json::serialize(*reply);
    } else if (const json::value* error = Member(*v, "error")) {
        m.kind = Message::kRefusal;
        m.body = Text(Member(error, "desc"));
    }
    return m;
}

std::string CommandLine(std::string_view command, std::string_view arguments, std::int64_t id) {
    std::string line = base::Cat(R"({"execute":")", command, '"');
    if (!arguments.empty()) line += base::Cat(R"(,"arguments":)", arguments);
    return line + base::Cat(R"(,"id":)", id, "}\n");
}

}  // namespace backend::qemu::qmp
