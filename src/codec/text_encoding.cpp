#include "codec/text_encoding.h"

#include <algorithm>

#include "base/text.h"
#include "codec/utf8.h"

namespace codec {

namespace {

// Windows-1252 in 0x80..0x9F; the five unused bytes map to themselves.
constexpr char32_t kHigh[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::string FromWindows1252(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 8);
    for (unsigned char c : bytes) {
        if (c < 0x80) out += char(c);
        else AppendCodePoint(out, c < 0xA0 ? kHigh[c - 0x80] : c);
    }
    return out;
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
    for (auto n : names)
        if (base::EqualNoCase(n, name)) return true;
    return false;
}

bool IsPlainAscii(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c < 0x80 && c != 0x1B; });
}

}  // namespace

base::Result<std::string> ToUtf8(std::string_view bytes, std::string_view declared) {
    auto bad = FindBadUtf8(bytes);
    if (declared.empty()) return bad == bytes.npos ? std::string(bytes) : FromWindows1252(bytes);
    if (IsOneOf(declared, {"UTF-8", "UTF8", "US-ASCII", "ASCII"})) {
        if (bad == bytes.npos) return std::string(bytes);
        return base::Error{base::Code::kInvalid,
                           base::Cat("byte ", bad, " is not ", declared, " although the file says so")};
    }
    if (IsOneOf(declared, {"windows-1252", "ISO-8859-1", "latin1", "cp1252"})) return FromWindows1252(bytes);
    if (IsPlainAscii(bytes)) return std::string(bytes);   // the same in every encoding that we may meet
    return base::Error{base::Code::kInvalid,
                       base::Cat("encoding \"", declared, "\" is not read: save the file as UTF-8 and let it say so")};
}

}  // namespace codec
