// The Range of a GET: one piece of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace api {

struct ByteRange {
    enum class Kind { kWhole, kPart, kNone };      // kNone: nothing of the file is in it
    Kind kind = Kind::kWhole;
    std::int64_t from = 0, length = 0;
};

// What does not look like one range ("bytes=0-1,5-6", another unit) asks for the whole.
ByteRange ReadRange(std::string_view header, std::int64_t size);

}  // namespace api
