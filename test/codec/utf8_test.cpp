#include "codec/utf8.h"

#include <gtest/gtest.h>

namespace codec {
namespace {

struct Row {
    const char* name;
    std::string text;
    std::size_t bad;
};
class BadUtf8 : public testing::TestWithParam<Row> {};

TEST_P(BadUtf8, IsFoundAt) { EXPECT_EQ(FindBadUtf8(GetParam().text), GetParam().bad); }

constexpr auto kNone = std::string_view::npos;
INSTANTIATE_TEST_SUITE_P(, BadUtf8,
                         testing::Values(Row{"ascii", "abc", kNone}, Row{"two", "\xC3\xA4", kNone},
                                         Row{"three", "a\xE2\x82\xAC", kNone}, Row{"four", "\xF0\x9F\x98\x80", kNone},
                                         Row{"cut", "ab\xE2\x82", 2}, Row{"lone", "a\x80", 1},
                                         Row{"overlong2", "\xC0\xAF", 0}, Row{"overlong3", "\xE0\x80\xAF", 0},
                                         Row{"overlong4", "\xF0\x80\x80\xAF", 0}, Row{"surrogate", "\xED\xA0\x80", 0},
                                         Row{"too_high", "\xF4\x90\x80\x80", 0}, Row{"latin1", "caf\xE9", 3}),
                         [](const auto& i) { return i.param.name; });

TEST(CodePoints, AreWrittenAsTheyAreRead) {
    for (char32_t c : {U'a', U'\x7F', U'\x80', U'\x7FF', U'\x800', U'\xFFFD', U'\x10000', U'\x10FFFF'}) {
        std::string out;
        AppendCodePoint(out, c);
        auto point = ReadCodePoint(out, 0);
        EXPECT_EQ(point.value, c);
        EXPECT_EQ(point.bytes, out.size());
    }
}

}  // namespace
}  // namespace codec
