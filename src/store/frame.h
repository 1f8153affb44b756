// Records in a row of bytes, each with its length and checksum, so that a reader knows
// where a write was cut off and where a disk has changed something.
//
// A frame is: marker (4), length (4), CRC-32C of length and content (4), content; all
// numbers little-endian. The marker lets us find frames after a damaged place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace store {

inline constexpr std::size_t kFrameHead = 12;
inline constexpr std::size_t kMaxRecord = 16 << 20;

void AppendFrame(std::string& out, std::string_view record);

enum class Tail {
    kClean,     // the bytes end with a whole record
    kTorn,      // the last write was cut off: nothing readable follows
    kDamaged,   // readable records follow a place that is not
};

struct Frames {
    std::vector<std::string> records;   // those before the first bad place
    std::size_t good = 0;               // bytes that they take
    Tail tail = Tail::kClean;
};

Frames ReadFrames(std::string_view bytes);

}  // namespace store
