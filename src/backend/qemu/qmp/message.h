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

}  // namespace backend::qemu::qmp
