#include "codec/xml_check.h"

#include <array>

#include "base/text.h"
#include "codec/utf8.h"

namespace codec::xml {

namespace {

base::Error Bad(std::string words, std::size_t at) {
    return {base::Code::kInvalid, base::Cat("XML: ", words, " at byte ", at)};
}

enum class Class : unsigned char { kPlain, kOpen, kAmpersand, kControl, kMany };

constexpr auto kClasses = [] {
    std::array<Class, 256> out{};
    for (unsigned c = 0; c < 256; ++c)
        out[c] = c >= 0x80 ? Class::kMany : IsXmlChar(c) ? Class::kPlain : Class::kControl;
    out['<'] = Class::kOpen;
    out['&'] = Class::kAmpersand;
    return out;
}();

// The length of the entity that starts with the & at `at`; 0: none that we know.
std::size_t EntityLength(std::string_view s, std::size_t at) {
    auto end = s.substr(at, 12).find(';');
    if (end == s.npos) return 0;
    auto name = s.substr(at + 1, end - 1);
    for (std::string_view known : {"lt", "gt", "amp", "quot", "apos"})
        if (name == known) return end + 1;
    if (name.size() < 2 || name[0] != '#') return 0;
    bool hex = name[1] == 'x';
    auto digits = name.substr(hex ? 2 : 1);
    std::uint32_t value = 0;
    auto [stop, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    bool whole = bad == std::errc{} && stop == digits.data() + digits.size();
    return whole && IsXmlChar(value) ? end + 1 : 0;
}

// Where the comment or CDATA section that starts at `at` ends; `at` when there is none.
std::size_t EndOfSection(std::string_view s, std::size_t at) {
    auto rest = s.substr(at);
    std::string_view close = rest.starts_with("<!--") ? "-->" : rest.starts_with("<![CDATA[") ? "]]>" : "";
    if (close.empty()) return at;
    auto end = s.find(close, at + 4);
    return end == s.npos ? s.size() : end + close.size();
}

// The XML declaration, if any, must say UTF-8 or nothing. Returns where it ends.
base::Result<std::size_t> Declaration(std::string_view s, std::size_t start) {
    auto rest = s.substr(start);
    bool declared = rest.starts_with("<?xml") && rest.find_first_of(" \t\r\n") == 5;
    if (!declared) return start;
    auto end = rest.find("?>");
    if (end == s.npos) return Bad("the declaration does not end", start);
    auto words = rest.substr(0, end);
    if (auto at = words.find("encoding"); at != s.npos) {
        auto open = words.find_first_of("\"'", at);
        auto close = open == s.npos ? s.npos : words.find(words[open], open + 1);
        if (close == s.npos) return Bad("a broken declaration", start);
        auto name = words.substr(open + 1, close - open - 1);
        if (!base::EqualNoCase(name, "utf-8") && !base::EqualNoCase(name, "us-ascii"))
            return Bad(base::Cat("encoding \"", name, "\" is not read, send UTF-8"), start);
    }
    return start + end + 2;
}

}  // namespace

base::Result<> CheckBytes(std::string_view s, const Limits& limits) {
    if (s.size() > limits.bytes)
        return base::Error{base::Code::kInvalid,
                           base::Cat("XML: ", s.size(), " bytes, at most ", limits.bytes, " are read")};
    std::size_t start = s.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    TRY(at, Declaration(s, start));
    std::size_t tags = 0;
    std::size_t raw_until = 0;      // inside a comment or CDATA, < and & mean nothing
    while (at < s.size()) {
        switch (kClasses[static_cast<unsigned char>(s[at])]) {
            case Class::kPlain: ++at; break;
            case Class::kControl: return Bad("a control character", at);
            case Class::kMany: {
                auto point = ReadCodePoint(s, at);
                if (!point.bytes || !IsXmlChar(point.value)) return Bad("not UTF-8", at);
                at += point.bytes;
                break;
            }
            case Class::kAmpersand: {
                auto length = at < raw_until ? 1 : EntityLength(s, at);
                if (!length) return Bad("an unknown entity", at);
                at += length;
                break;
            }
            case Class::kOpen: {
                if (at < raw_until) {
                    ++at;
                    break;
                }
                char next = at + 1 < s.size() ? s[at + 1] : '\0';
                if (next == '?') return Bad("a processing instruction", at);
                if (next == '!' && (raw_until = EndOfSection(s, at)) <= at) return Bad("a DOCTYPE or declaration", at);
                if (++tags > limits.elements * 2) return Bad("too many elements", at);
                ++at;
                break;
            }
        }
    }
    return {};
}

}  // namespace codec::xml
