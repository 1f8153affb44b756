#include "net/nbd_wire.h"

namespace net::nbd {
namespace {

void Add(std::string& out, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

}  // namespace

std::uint32_t Number(std::string_view bytes, std::size_t at) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
    return out;
}

std::optional<OptionHead> ParseOptionHead(std::string_view bytes) {
    if (bytes.size() < kOptionHead || bytes.substr(0, 8) != kOptionMagic) return std::nullopt;
    OptionHead head{Number(bytes, 8), Number(bytes, 12)};
    if (head.length > kLongestOption) return std::nullopt;
    return head;
}

std::string OptionText(std::uint32_t option, std::string_view data) {
    std::string out(kOptionMagic);
    Add(out, option);
    Add(out, static_cast<std::uint32_t>(data.size()));
    return out.append(data);
}

std::string ReplyText(std::uint32_t option, std::uint32_t reply, std::string_view data) {
    std::string out("\x00\x03\xe8\x89\x04\x55\x65\xa9", 8);
    Add(out, option);
    Add(out, reply);
    Add(out, static_cast<std::uint32_t>(data.size()));
    return out.append(data);
}

bool HasName(std::uint32_t option) {
    return option == kExportName || option == kInfo || option == kGo || option == kListMeta || option == kSetMeta;
}

std::optional<std::string> NameIn(std::uint32_t option, std::string_view data) {
    if (!HasName(option)) return std::nullopt;
    if (option == kExportName) return std::string(data);
    if (data.size() < 4) return std::nullopt;
    std::uint32_t length = Number(data, 0);
    if (length > data.size() - 4) return std::nullopt;
    return std::string(data.substr(4, length));
}

std::string WithName(std::uint32_t option, std::string_view data, std::string_view name) {
    if (option == kExportName) return std::string(name);
    std::string out;
    Add(out, static_cast<std::uint32_t>(name.size()));
    out += name;
    std::size_t skip = 4 + std::size_t{Number(data, 0)};
    return out.append(data.substr(skip));
}

}  // namespace net::nbd
