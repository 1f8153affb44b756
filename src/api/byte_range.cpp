#include "api/byte_range.h"

#include "base/text.h"

namespace api {

// Digits alone; one that is beyond what we can count is beyond every file as well.
static std::optional<std::int64_t> Position(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
    return base::ToInt(text).value_or(INT64_MAX);
}

ByteRange ReadRange(std::string_view header, std::int64_t size) {
    const ByteRange whole{ByteRange::Kind::kWhole, 0, size};
    constexpr std::string_view kUnit = "bytes=";
    if (header.size() < kUnit.size() || !base::EqualNoCase(header.substr(0, kUnit.size()), kUnit)) return whole;
    std::string_view range = base::Trim(header.substr(kUnit.size()));
    std::size_t dash = range.find('-');
    if (dash == range.npos) return whole;
    auto first = Position(range.substr(0, dash)), last = Position(range.substr(dash + 1));
    bool bad = (dash > 0 && !first) || (dash + 1 < range.size() && !last) || (!first && !last) ||
               (first && last && *first > *last);
    if (bad) return whole;
    if (!first) {                                   // "-500": the last 500 bytes
        std::int64_t length = std::min(*last, size);
        if (length == 0) return {ByteRange::Kind::kNone, 0, 0};
        return {ByteRange::Kind::kPart, size - length, length};
    }
    if (*first >= size) return {ByteRange::Kind::kNone, 0, 0};
    std::int64_t end = std::min(last.value_or(INT64_MAX), size - 1);
    return {ByteRange::Kind::kPart, *first, end - *first + 1};
}

}  // namespace api
