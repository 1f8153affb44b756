#include "codec/png.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

namespace codec {
namespace {

void AppendInt(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void AppendChunk(std::string& out, std::string_view kind, std::string_view data) {
    AppendInt(out, static_cast<std::uint32_t>(data.size()));
    std::size_t from = out.size();
    out += kind;
    out += data;
    AppendInt(out, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(out.data() + from),
                                                    static_cast<uInt>(out.size() - from))));
}

// Each row as its difference to the one above, which is what screens compress best with.
std::string Filtered(int height, std::size_t row, std::string_view rgb) {
    std::string out;
    out.reserve((row + 1) * static_cast<std::size_t>(height));
    for (std::size_t at = 0; at < rgb.size(); at += row) {
        out += at == 0 ? '\0' : '\2';
        for (std::size_t i = 0; i < row; ++i) out += static_cast<char>(rgb[at + i] - (at == 0 ? 0 : rgb[at + i - row]));
    }
    return out;
}

}  // namespace

base::Result<std::string> EncodePng(int width, int height, std::string_view rgb) {
    std::size_t row = static_cast<std::size_t>(width) * 3;
    if (width < 1 || height < 1 || rgb.size() != row * static_cast<std::size_t>(height))
        return base::Error(base::Code::kInvalid, "a picture whose bytes are not its size");
    std::string plain = Filtered(height, row, rgb);
    uLongf size = compressBound(plain.size());
    std::string packed(size, '\0');
    constexpr int kFast = 3;
    if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(plain.data()),
                  plain.size(), kFast) != Z_OK)
        return base::Error(base::Code::kInternal, "a picture could not be compressed");
    packed.resize(size);
    std::string head;
    AppendInt(head, static_cast<std::uint32_t>(width));
    AppendInt(head, static_cast<std::uint32_t>(height));
    head += std::string_view("\x08\x02\0\0\0", 5);       // 8 bits a colour, red green blue, not interlaced
    std::string out("\x89PNG\r\n\x1a\n");
    AppendChunk(out, "IHDR", head);
    AppendChunk(out, "IDAT", packed);
    AppendChunk(out, "IEND", {});
    return out;
}

std::string ScaleRgb(int width, int height, std::string_view rgb, int new_width, int new_height) {
    std::string out;
    out.reserve(static_cast<std::size_t>(new_width) * static_cast<std::size_t>(new_height) * 3);
    for (int y = 0; y < new_height; ++y) {
        int top = int(std::int64_t(y) * height / new_height);
        int bottom = std::max(top + 1, int(std::int64_t(y + 1) * height / new_height));
        for (int x = 0; x < new_width; ++x) {
            int left = int(std::int64_t(x) * width / new_width);
            int right = std::max(left + 1, int(std::int64_t(x + 1) * width / new_width));
            std::uint64_t sum[3] = {};
            for (int v = top; v < bottom; ++v)
                for (int u = left; u < right; ++u)
                    for (int c = 0; c < 3; ++c)
                        sum[c] += static_cast<unsigned char>(
                            rgb[(std::size_t(v) * std::size_t(width) + std::size_t(u)) * 3 + std::size_t(c)]);
            auto count = static_cast<std::uint64_t>(bottom - top) * static_cast<std::uint64_t>(right - left);
            for (std::uint64_t s : sum) out += static_cast<char>(s / count);
        }
    }
    return out;
}

}  // namespace codec
