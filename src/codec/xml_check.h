// What pugixml lets pass and we do not: looks at the bytes of a document before they
// are parsed. Refuses what is not UTF-8 or not a character of XML 1.0, DOCTYPE,
// processing instructions and unknown entities, and bounds the number of tags.
#pragma once

#include <string_view>

#include "base/result.h"
#include "codec/xml.h"

namespace codec::xml {

base::Result<> CheckBytes(std::string_view bytes, const Limits& limits);

// True for the characters that XML 1.0 can carry.
constexpr bool IsXmlChar(char32_t c) {
    return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) ||
           (c >= 0x10000 && c <= 0x10FFFF);
}

}  // namespace codec::xml
