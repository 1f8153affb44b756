// Small things that one does to text.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace base {

// Joins pieces (strings, characters, whole numbers) into one string.
inline void AppendPiece(std::string& out, std::string_view s) { out += s; }
inline void AppendPiece(std::string& out, char c) { out += c; }
template <class I>
    requires(std::is_integral_v<I> && !std::is_same_v<I, char> && !std::is_same_v<I, bool>)
void AppendPiece(std::string& out, I number) {
    char buffer[24];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    out.append(buffer, end);
}
template <class... P> std::string Cat(const P&... pieces) {
    std::string out;
    (AppendPiece(out, pieces), ...);
    return out;
}

std::string_view Trim(std::string_view s);                       // blanks, tabs, CR, LF at both ends
std::vector<std::string_view> Split(std::string_view s, char at); // "a,,b" -> a, "", b
std::string Lower(std::string_view s);                           // ASCII only
bool EqualNoCase(std::string_view a, std::string_view b);        // ASCII only
std::optional<std::int64_t> ToInt(std::string_view s);           // the whole of s, base 10

std::string Hex(std::string_view bytes);                         // "0a1b"
std::optional<std::string> Unhex(std::string_view hex);
std::string Base64(std::string_view bytes);
std::optional<std::string> Unbase64(std::string_view text);

std::string PercentEncode(std::string_view s, std::string_view keep);  // keeps letters, digits, -._~ and `keep`
std::optional<std::string> PercentDecode(std::string_view s);          // nullopt: a broken %xx

std::string FormatTime(Time t);                    // 2010-07-13T08:00:00.123456Z
std::optional<Time> ParseTime(std::string_view s); // offsets and no zone (= UTC) accepted

bool GlobMatch(std::string_view pattern, std::string_view name); // * and ?, case-sensitive

}  // namespace base
