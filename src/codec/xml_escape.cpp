#include <array>

#include "codec/utf8.h"
#include "codec/xml.h"
#include "codec/xml_check.h"

namespace codec::xml {

namespace {

constexpr auto kPlain = [] {
    std::array<bool, 256> out{};
    for (unsigned c = 0; c < 0x80; ++c) out[c] = IsXmlChar(c);
    for (char c : {'<', '>', '&', '"', '\r'}) out[static_cast<unsigned char>(c)] = false;
    return out;
}();

// Appends what stands for the character at `at`; returns how many bytes it had.
std::size_t EscapeOne(std::string& out, std::string_view text, std::size_t at) {
    switch (text[at]) {
        case '<': out += "&lt;"; return 1;
        case '>': out += "&gt;"; return 1;
        case '&': out += "&amp;"; return 1;
        case '"': out += "&quot;"; return 1;
        case '\r': out += "&#13;"; return 1;   // a bare CR would be read as LF
        default: break;
    }
    auto point = ReadCodePoint(text, at);
    if (!point.bytes) {
        out += "\xEF\xBF\xBD";
        return 1;
    }
    if (IsXmlChar(point.value)) out.append(text, at, point.bytes);
    return point.bytes;
}

}  // namespace

void Escape(std::string& out, std::string_view text) {
    std::size_t run = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (kPlain[static_cast<unsigned char>(text[at])]) {
            ++at;
            continue;
        }
        out.append(text, run, at - run);
        at += EscapeOne(out, text, at);
        run = at;
    }
    out.append(text, run);
}

}  // namespace codec::xml
