#include "backend/qemu/ppm.h"

#include <charconv>

namespace backend::qemu {
namespace {

constexpr int kMostPixels = 8192;                        // in each direction

// The next number of the head; -1: there is none.
int Number(std::string_view& rest) {
    auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    while (!rest.empty() && blank(rest.front())) rest.remove_prefix(1);
    int value = -1;
    auto [end, bad] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (bad != std::errc()) return -1;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return value;
}

}  // namespace

base::Result<Picture> ParsePpm(std::string_view bytes) {
    base::Error odd(base::Code::kInternal, "QEMU gave a picture of another form");
    if (!bytes.starts_with("P6")) return odd;
    bytes.remove_prefix(2);
    Picture picture;
    picture.width = Number(bytes);
    picture.height = Number(bytes);
    int most = Number(bytes);
    if (picture.width < 1 || picture.height < 1 || picture.width > kMostPixels || picture.height > kMostPixels)
        return odd;
    if (most != 255 || bytes.empty()) return odd;
    bytes.remove_prefix(1);                              // one blank, then the pixels
    std::size_t size = std::size_t(picture.width) * std::size_t(picture.height) * 3;
    if (bytes.size() != size) return odd;
    picture.rgb = bytes;
    return picture;
}

}  // namespace backend::qemu
