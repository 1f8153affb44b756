// Pictures: rows of red, green, blue bytes into a PNG file, smaller where that is asked for.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace codec {

// `rgb` has width * height * 3 bytes. Takes a moment for a large one: use a Pool.
base::Result<std::string> EncodePng(int width, int height, std::string_view rgb);

// To another size; each new pixel is the average of those that it covers.
std::string ScaleRgb(int width, int height, std::string_view rgb, int new_width, int new_height);

}  // namespace codec
