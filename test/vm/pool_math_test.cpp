// The arithmetic of resource pools, in tables.
#include "vm/pool_math.h"

#include <gtest/gtest.h>

namespace vm {
namespace {

constexpr std::int64_t kNone = -1;

// The root has 1000; "f" is fixed at 300, "e" expandable at 200, "x" expandable within "f".
PoolMath Tree(std::int64_t in_f, std::int64_t in_e, std::int64_t in_x, std::int64_t limit_e = kNone) {
    return PoolMath({{"root", -1, 1000, false, kNone, 0},
                     {"f", 0, 300, false, kNone, in_f},
                     {"e", 0, 200, true, limit_e, in_e},
                     {"x", 1, 50, true, kNone, in_x}});
}

struct Row {
    const char* name;
    std::int64_t in_f, in_e, in_x, limit_e;
    const char* overfull;                // "" : all is well
};
class PoolAdmits : public testing::TestWithParam<Row> {};

TEST_P(PoolAdmits, WhatFits) {
    const Row& r = GetParam();
    PoolMath math = Tree(r.in_f, r.in_e, r.in_x, r.limit_e);
    auto over = math.Overfull();
    EXPECT_EQ(over ? math.at(*over).id : "", r.overfull);
}

INSTANTIATE_TEST_SUITE_P(, PoolAdmits,
                         testing::Values(Row{"empty", 0, 0, 0, kNone, ""},                //
                                         Row{"fixed_full", 250, 0, 50, kNone, ""},        //
                                         Row{"fixed_over", 251, 0, 0, kNone, "f"},  // x keeps its 50, used or not
                                         Row{"child_grows", 200, 0, 100, kNone, ""},  // x asks f for 50 more
                                         Row{"child_too_much", 200, 0, 101, kNone, "f"},  //
                                         Row{"expands", 0, 700, 0, kNone, ""},  // all that the root has left
                                         Row{"expands_too_far", 0, 701, 0, kNone, "root"},
                                         Row{"limit_holds", 0, 401, 0, 400, "e"}),
                         [](const auto& i) { return i.param.name; });

TEST(PoolMath, CountsWhatIsLeft) {
    PoolMath math = Tree(100, 150, 20);
    EXPECT_EQ(math.Used(0), 500);  // 300 and 200, used or not
    EXPECT_EQ(math.Used(1), 150);
    EXPECT_EQ(math.Unreserved(0), 500);
    EXPECT_EQ(math.Unreserved(1), 150);
    EXPECT_EQ(math.Unreserved(2), 550);  // 50 of its own and all of the root's
    EXPECT_EQ(math.Unreserved(3), 30 + 150);
    EXPECT_EQ(Tree(0, 250, 0).Demand(2), 250);
    EXPECT_EQ(Tree(0, 150, 0, 400).Unreserved(2), 250);
    EXPECT_EQ(Tree(0, 0, 0, 400).Most(2), 400);
    EXPECT_EQ(Tree(0, 0, 0).Most(3), 1000);
}

}  // namespace
}  // namespace vm
