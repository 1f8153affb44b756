#include "codec/png.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace codec {
namespace {

// The pixels of a PNG of ours: its one IDAT, unpacked, the filters undone.
std::string PixelsOf(const std::string& png, std::size_t row) {
    std::size_t idat = png.find("IDAT");
    std::string plain(row * 100 + 100, '\0');
    uLongf size = plain.size();
    EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                         reinterpret_cast<const Bytef*>(png.data() + idat + 4), png.size() - idat - 4),
              Z_OK);
    std::string out;
    for (std::size_t at = 0; at < size; at += row + 1)
        for (std::size_t i = 0; i < row; ++i)
            out += static_cast<char>(plain[at + 1 + i] + (plain[at] == 2 ? out[out.size() - row] : 0));
    return out;
}

TEST(EncodePng, KeepsEveryPixel) {
    std::string rgb;
    for (int i = 0; i < 7 * 5 * 3; ++i) rgb += static_cast<char>(i * 37);
    auto png = EncodePng(7, 5, rgb);
    ASSERT_TRUE(png);
    EXPECT_TRUE(png->starts_with("\x89PNG\r\n\x1a\n"));
    EXPECT_TRUE(png->ends_with(std::string("IEND\xae\x42\x60\x82")));
    EXPECT_EQ(PixelsOf(*png, 21), rgb);
}

TEST(EncodePng, RefusesBytesThatAreNotItsSize) {
    EXPECT_FALSE(EncodePng(2, 2, "abc"));
    EXPECT_FALSE(EncodePng(0, 5, ""));
}

TEST(ScaleRgb, AveragesWhatAPixelCovers) {
    std::string four("\x00\x00\x00\x64\x64\x64\x00\x00\x00\x64\x64\x64", 12);      // 4 x 1
    EXPECT_EQ(ScaleRgb(4, 1, four, 2, 1), "\x32\x32\x32\x32\x32\x32");
    EXPECT_EQ(ScaleRgb(4, 1, four, 4, 1), four);
    EXPECT_EQ(ScaleRgb(1, 1, "abc", 2, 2), "abcabcabcabc");
}

}  // namespace
}  // namespace codec
