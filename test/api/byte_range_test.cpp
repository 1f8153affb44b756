#include "api/byte_range.h"

#include <gtest/gtest.h>

namespace api {
namespace {

using Kind = ByteRange::Kind;
struct Row {
    const char* name;
    const char* header;
    std::int64_t size;
    Kind kind;
    std::int64_t from, length;
};
class Range : public testing::TestWithParam<Row> {};

TEST_P(Range, Reads) {
    auto range = ReadRange(GetParam().header, GetParam().size);
    EXPECT_EQ(range.kind, GetParam().kind);
    EXPECT_EQ(range.from, GetParam().from);
    EXPECT_EQ(range.length, GetParam().length);
}

INSTANTIATE_TEST_SUITE_P(
    , Range,
    testing::Values(
        Row{"none", "", 10, Kind::kWhole, 0, 10}, Row{"first", "bytes=0-0", 10, Kind::kPart, 0, 1},
        Row{"middle", "bytes=2-5", 10, Kind::kPart, 2, 4}, Row{"open", "bytes=4-", 10, Kind::kPart, 4, 6},
        Row{"last", "bytes=-3", 10, Kind::kPart, 7, 3}, Row{"lastMoreThanThereIs", "bytes=-30", 10, Kind::kPart, 0, 10},
        Row{"lastNothing", "bytes=-0", 10, Kind::kNone, 0, 0},
        Row{"beyondTheEnd", "bytes=8-100", 10, Kind::kPart, 8, 2},
        Row{"afterTheEnd", "bytes=10-", 10, Kind::kNone, 0, 0}, Row{"ofAnEmptyFile", "bytes=0-", 0, Kind::kNone, 0, 0},
        Row{"lastOfAnEmptyFile", "bytes=-5", 0, Kind::kNone, 0, 0},
        Row{"beyondCounting", "bytes=99999999999999999999-", 10, Kind::kNone, 0, 0},
        Row{"toBeyondCounting", "bytes=1-99999999999999999999", 10, Kind::kPart, 1, 9},
        Row{"over4GiB", "bytes=4294967296-4294967300", std::int64_t{1} << 33, Kind::kPart, std::int64_t{1} << 32, 5},
        Row{"backwards", "bytes=5-2", 10, Kind::kWhole, 0, 10},
        Row{"several", "bytes=0-1,4-5", 10, Kind::kWhole, 0, 10},
        Row{"otherUnit", "lines=0-1", 10, Kind::kWhole, 0, 10}, Row{"negative", "bytes=-1-5", 10, Kind::kWhole, 0, 10},
        Row{"words", "bytes=a-b", 10, Kind::kWhole, 0, 10}, Row{"dashOnly", "bytes=-", 10, Kind::kWhole, 0, 10}),
    [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace api
