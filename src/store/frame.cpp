#include "store/frame.h"

#include <optional>

#include "store/crc32c.h"

namespace store {

static constexpr std::string_view kMarker(
    "\xB3"
    "Jr\n",
    4);
// Looking for records after a bad place costs checksums. A hostile file could make it
// quadratic; one that needs more than this counts as damaged, the careful answer.
static constexpr std::size_t kSearchBudget = 64 << 20;

static void AppendNumber(std::string& out, std::uint32_t n) {
    for (int i = 0; i < 4; ++i) out += char(n >> (8 * i) & 255);
}

static std::uint32_t NumberAt(std::string_view s, std::size_t at) {
    std::uint32_t n = 0;
    for (std::size_t i = 0; i < 4; ++i) n |= std::uint32_t(static_cast<unsigned char>(s[at + i])) << (8 * i);
    return n;
}

void AppendFrame(std::string& out, std::string_view record) {
    std::string length;
    AppendNumber(length, std::uint32_t(record.size()));
    out += kMarker;
    out += length;
    AppendNumber(out, Crc32c(record, Crc32c(length)));
    out += record;
}

// The length that the head at the start of `s` promises; nullopt: no head, or more than is there.
static std::optional<std::size_t> Promised(std::string_view s) {
    if (s.size() < kFrameHead || !s.starts_with(kMarker)) return std::nullopt;
    std::size_t length = NumberAt(s, 4);
    if (length > kMaxRecord || length > s.size() - kFrameHead) return std::nullopt;
    return length;
}

static std::optional<std::string_view> FrameAt(std::string_view s) {
    auto length = Promised(s);
    if (!length) return std::nullopt;
    auto record = s.substr(kFrameHead, *length);
    if (Crc32c(record, Crc32c(s.substr(4, 4))) != NumberAt(s, 8)) return std::nullopt;
    return record;
}

static bool AnyFrameIn(std::string_view s) {
    std::size_t spent = 0;
    for (auto at = s.find(kMarker); at != s.npos; at = s.find(kMarker, at + 1)) {
        auto rest = s.substr(at);
        if (FrameAt(rest)) return true;
        spent += Promised(rest).value_or(0);
        if (spent > kSearchBudget) return true;
    }
    return false;
}

Frames ReadFrames(std::string_view bytes) {
    Frames out;
    while (auto record = FrameAt(bytes.substr(out.good))) {
        out.records.emplace_back(*record);
        out.good += kFrameHead + record->size();
    }
    if (auto rest = bytes.substr(out.good); !rest.empty())
        out.tail = AnyFrameIn(rest.substr(1)) ? Tail::kDamaged : Tail::kTorn;
    return out;
}

}  // namespace store
