// The lines that QEMU says on its monitor, understood. QEMU may be in the hands of its
// guest: any bytes may come.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace backend::qemu::qmp {

struct Version {
    int major = 0, minor = 0, micro = 0;
    bool operator==(const Version&) const = default;
};

// What one event says, of the members that we look at.
struct Event {
    std::string name;          // SHUTDOWN, RESET, BLOCK_IO_ERROR, ...
    bool guest = false;        // the guest did it
    std::string reason;        // "guest-shutdown", "host-qmp-quit"
    std::string action;        // what QEMU does about it: "stop", "report", "pause"
    std::string subject;       // node, device or port concerned
    bool no_space = false;
    bool open = false;         // port or tray is open now
    std::string status;        // of MIGRATION
};

struct Message {
    enum Kind { kNoise, kGreeting, kReply, kRefusal, kEvent } kind = kNoise;
    Version version;           // kGreeting
    std::int64_t id = 0;       // kReply, kRefusal
    std::string body;          // kReply: JSON text of the value. kRefusal: QEMU's words
    Event event;               // kEvent
};

Message ParseMessage(std::string_view line);

// {"execute":"cont","arguments":{...},"id":7}\n ; `arguments` is JSON text or "".
std::string CommandLine(std::string_view command, std::string_view arguments, std::int64_t id);

// Bytes in, lines out.
class Lines {
public:
    explicit Lines(std::size_t longest) : longest_(longest) {}
    // false: a line is too long. What came before it can still be taken.
    bool Add(std::string_view bytes);
    // false: no whole line is there.
    bool Take(std::string& line);

private:
    std::size_t longest_;
    std::string buffer_;
    std::size_t start_ = 0;    // of the first line not taken
    std::size_t seen_ = 0;     // no newline between start_ and here
};

}  // namespace backend::qemu::qmp
