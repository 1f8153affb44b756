// UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace codec {

// The code point at `at` and how many bytes it takes; bytes is 0 when it is no UTF-8.
struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0;
};
CodePoint ReadCodePoint(std::string_view text, std::size_t at);

void AppendCodePoint(std::string& out, char32_t value);

// The offset of the first byte that is not UTF-8; npos when all of it is.
std::size_t FindBadUtf8(std::string_view text);

}  // namespace codec
