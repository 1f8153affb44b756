#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace base {

std::string_view Trim(std::string_view s) {
    auto first = s.find_first_not_of(" \t\r\n");
    if (first == s.npos) return {};
    return s.substr(first, s.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string_view> Split(std::string_view s, char at) {
    std::vector<std::string_view> out;
    for (;;) {
        auto end = s.find(at);
        out.push_back(s.substr(0, end));
        if (end == s.npos) return out;
        s.remove_prefix(end + 1);
    }
}

static char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

std::string Lower(std::string_view s) {
    std::string out(s);
    std::transform(out.begin(), out.end(), out.begin(), LowerChar);
    return out;
}

bool EqualNoCase(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return LowerChar(x) == LowerChar(y); });
}

std::optional<std::int64_t> ToInt(std::string_view s) {
    std::int64_t value = 0;
    auto [end, bad] = std::from_chars(s.data(), s.data() + s.size(), value);
    if (bad != std::errc{} || end != s.data() + s.size()) return std::nullopt;
    return value;
}

std::string Hex(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (unsigned char c : bytes) {
        out += kDigits[c >> 4];
        out += kDigits[c & 15];
    }
    return out;
}

static int HexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = LowerChar(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> Unhex(std::string_view hex) {
    if (hex.size() % 2) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        int high = HexDigit(hex[i]), low = HexDigit(hex[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out += char(high << 4 | low);
    }
    return out;
}

static constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string Base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
        for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kBase64[group >> (18 - 6 * k) & 63];
    }
    return out;
}

std::optional<std::string> Unbase64(std::string_view text) {
    std::string out;
    std::uint32_t group = 0;
    int bits = 0;
    bool ended = false;
    for (char c : text) {
        if (c == '=') {
            ended = true;
            continue;
        }
        if (c == '\n' || c == '\r' || c == ' ') continue;
        auto at = std::string_view(kBase64, 64).find(c);
        if (ended || at == std::string_view::npos) return std::nullopt;
        group = group << 6 | std::uint32_t(at);
        if ((bits += 6) >= 8) out += char(group >> (bits -= 8) & 255);
    }
    return out;
}

std::string PercentEncode(std::string_view s, std::string_view keep) {
    std::string out;
    for (unsigned char c : s) {
        bool plain = (c < 128 && std::isalnum(c)) || std::string_view("-._~").find(char(c)) != std::string_view::npos ||
                     keep.find(char(c)) != keep.npos;
        if (plain) {
            out += char(c);
            continue;
        }
        out += '%';
        out += "0123456789ABCDEF"[c >> 4];
        out += "0123456789ABCDEF"[c & 15];
    }
    return out;
}

std::optional<std::string> PercentDecode(std::string_view s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] != '%') {
            out += s[i];
            continue;
        }
        if (i + 2 >= s.size()) return std::nullopt;
        int high = HexDigit(s[i + 1]), low = HexDigit(s[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += char(high << 4 | low);
        i += 2;
    }
    return out;
}

bool GlobMatch(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = pattern.npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n]) && pattern[p] != '*') {
            ++p;
            ++n;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (star != pattern.npos) {
            p = star + 1;
            n = ++resume;
        } else return false;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace base
