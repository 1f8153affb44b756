#include "codec/utf8.h"

namespace codec {

CodePoint ReadCodePoint(std::string_view text, std::size_t at) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return {};
    char32_t value = lead & (0x7F >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        value = value << 6 | (byte(i) & 0x3F);
    }
    bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (overlong || surrogate || value > 0x10FFFF) return {};
    return {value, length};
}

void AppendCodePoint(std::string& out, char32_t value) {
    if (value < 0x80) {
        out += char(value);
        return;
    }
    if (value < 0x800) {
        out += char(0xC0 | value >> 6);
    } else {
        if (value < 0x10000) {
            out += char(0xE0 | value >> 12);
        } else {
            out += char(0xF0 | value >> 18);
            out += char(0x80 | (value >> 12 & 0x3F));
        }
        out += char(0x80 | (value >> 6 & 0x3F));
    }
    out += char(0x80 | (value & 0x3F));
}

std::size_t FindBadUtf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        auto point = ReadCodePoint(text, at);
        if (!point.bytes) return at;
        at += point.bytes;
    }
    return text.npos;
}

}  // namespace codec
