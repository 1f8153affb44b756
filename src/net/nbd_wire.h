// The part of NBD's handshake that we look into: options, and the names in them. Everything
// else is passed on as it is. (fixed newstyle; doc/proto.md of the NBD project)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace net::nbd {

inline constexpr std::string_view kGreeting = "NBDMAGICIHAVEOPT", kOptionMagic = "IHAVEOPT";
inline constexpr std::uint32_t kRequestMagic = 0x25609513;      // the handshake is over
inline constexpr std::size_t kOptionHead = 16, kReplyHead = 20, kLongestOption = 64 * 1024;

enum Option : std::uint32_t {
    kExportName = 1,
    kAbort = 2,
    kList = 3,
    kStartTls = 5,
    kInfo = 6,
    kGo = 7,
    kStructuredReply = 8,
    kListMeta = 9,
    kSetMeta = 10,
    kExtendedHeaders = 11,
};
enum Reply : std::uint32_t {
    kAck = 1,
    kUnsupported = 0x80000001,
    kPolicy = 0x80000002,
    kInvalid = 0x80000003,
    kTlsRequired = 0x80000005,
    kUnknown = 0x80000006,
};

struct OptionHead {
    std::uint32_t option = 0, length = 0;
};
// Of 16 bytes. nullopt: no option, or longer than any that makes sense.
std::optional<OptionHead> ParseOptionHead(std::string_view bytes);
std::string OptionText(std::uint32_t option, std::string_view data);
std::string ReplyText(std::uint32_t option, std::uint32_t reply, std::string_view data = {});
bool HasName(std::uint32_t option);
// The export that an option names; nullopt: its data is not of the form.
std::optional<std::string> NameIn(std::uint32_t option, std::string_view data);
// The same data with another name.
std::string WithName(std::uint32_t option, std::string_view data, std::string_view name);

std::uint32_t Number(std::string_view bytes, std::size_t at);   // 32 bits, big-endian

}  // namespace net::nbd
