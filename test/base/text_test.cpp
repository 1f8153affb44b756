#include "base/text.h"

#include <gtest/gtest.h>

#include "base/ids.h"
#include "base/log.h"

namespace base {
namespace {

struct TimeRow {
    const char* text;
    const char* as;
};   // `as` null: refused
class ParseTimeTest : public testing::TestWithParam<TimeRow> {};
TEST_P(ParseTimeTest, Table) {
    auto time = ParseTime(GetParam().text);
    ASSERT_EQ(bool(time), GetParam().as != nullptr);
    if (time) { EXPECT_EQ(FormatTime(*time), GetParam().as); }
}
INSTANTIATE_TEST_SUITE_P(, ParseTimeTest,
                         testing::Values(TimeRow{"2010-07-13T08:00:00.123456Z", "2010-07-13T08:00:00.123456Z"},
                                         TimeRow{"2010-07-13T08:00:00Z", "2010-07-13T08:00:00.000000Z"},
                                         TimeRow{"2010-07-13T08:00:00", "2010-07-13T08:00:00.000000Z"},
                                         TimeRow{"2010-07-13T08:00:00.5+02:00", "2010-07-13T06:00:00.500000Z"},
                                         TimeRow{"2010-07-13T08:00:00.123456789-0130", "2010-07-13T09:30:00.123456Z"},
                                         TimeRow{"2010-02-30T08:00:00Z", nullptr}, TimeRow{"2010-07-13", nullptr},
                                         TimeRow{"", nullptr}, TimeRow{"2010-07-13T08:00:00Zx", nullptr},
                                         TimeRow{"2010-07-13T08:61:00Z", nullptr},
                                         TimeRow{"2010-07-13T08:00:00.Z", nullptr}));

struct GlobRow {
    const char* pattern;
    const char* name;
    bool match;
};
class GlobTest : public testing::TestWithParam<GlobRow> {};
TEST_P(GlobTest, Table) { EXPECT_EQ(GlobMatch(GetParam().pattern, GetParam().name), GetParam().match); }
INSTANTIATE_TEST_SUITE_P(, GlobTest,
                         testing::Values(GlobRow{"*", "", true}, GlobRow{"*.vmdk", "a.vmdk", true},
                                         GlobRow{"*.vmdk", "a.vmx", false}, GlobRow{"a?c", "abc", true},
                                         GlobRow{"a?c", "ac", false}, GlobRow{"*a*b", "xxaxxb", true},
                                         GlobRow{"*a*b", "xxaxxbc", false}, GlobRow{"", "x", false},
                                         GlobRow{"**", "x", true}));

TEST(Base64, RoundTripsEveryLength) {
    for (std::size_t n = 0; n < 20; ++n) {
        std::string bytes = RandomBytes(n);
        EXPECT_EQ(Unbase64(Base64(bytes)), bytes) << n;
    }
    EXPECT_EQ(Base64("Man"), "TWFu");
    EXPECT_EQ(Base64("Ma"), "TWE=");
    EXPECT_FALSE(Unbase64("T*Fu"));
}

TEST(Percent, KeepsAndDecodes) {
    EXPECT_EQ(PercentEncode("a b/c", "/"), "a%20b/c");
    EXPECT_EQ(PercentEncode("a/\xc3\xa4", ""), "a%2F%C3%A4");
    EXPECT_EQ(PercentDecode("a%20b%2Fc"), "a b/c");
    EXPECT_FALSE(PercentDecode("a%2"));
    EXPECT_FALSE(PercentDecode("a%zz"));
}

TEST(Uuid, NormalFormOfEveryWriting) {
    EXPECT_EQ(NormalUuid("564D1234 5678 9abc-def0 123456789ABC"), "564d1234-5678-9abc-def0-123456789abc");
    EXPECT_EQ(NormalUuid("56 4d 12 34 56 78 9a bc-de f0 12 34 56 78 9a bc"), "564d1234-5678-9abc-def0-123456789abc");
    EXPECT_FALSE(NormalUuid("564d"));
    EXPECT_FALSE(NormalUuid("g64d12345678-9abc-def0-123456789abc"));
    EXPECT_TRUE(NormalUuid(NewUuid()));
    EXPECT_NE(NewUuid(), NewUuid());
}

TEST(Log, OneEventIsOneLineWhateverANameHolds) {
    std::vector<std::string> lines;
    SetLogSink([&](Level, std::string_view line) { lines.emplace_back(line); });
    LogInfo("vm", "renamed to \"a\nb\r\"");
    SetLogSink({});
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].find('\n'), std::string::npos);
    EXPECT_NE(lines[0].find("[vm] renamed to"), std::string::npos);
}

TEST(ToInt, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(ToInt("42"), 42);
    EXPECT_EQ(ToInt("-1"), -1);
    EXPECT_FALSE(ToInt("42 "));
    EXPECT_FALSE(ToInt(""));
    EXPECT_FALSE(ToInt("99999999999999999999"));
}

}  // namespace
}  // namespace base
