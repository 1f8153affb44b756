#include "access/lockout.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

struct LockoutTest : testing::Test {
    base::ManualClock clock;
    auth::Lockout lockout{clock};
    bool Try(const std::string& user, bool ok) {
        lockout.Begin(user);
        return lockout.End(user, ok);
    }
};

TEST_F(LockoutTest, LocksAtTheFifthFailureInARow) {
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(Try("root", false));
    EXPECT_FALSE(lockout.Locked("root"));
    EXPECT_TRUE(Try("root", false));
    EXPECT_TRUE(lockout.Locked("root"));
    EXPECT_FALSE(lockout.Locked("alice"));
}

TEST_F(LockoutTest, ForgetsFailuresAfterASuccess) {
    for (int i = 0; i < 4; ++i) Try("root", false);
    Try("root", true);
    EXPECT_EQ(lockout.size(), 0u);
    for (int i = 0; i < 4; ++i) Try("root", false);
    EXPECT_FALSE(lockout.Locked("root"));
}

TEST_F(LockoutTest, UnlocksAfterTheTime) {
    for (int i = 0; i < 5; ++i) Try("root", false);
    clock.Advance(899s);
    EXPECT_TRUE(lockout.Locked("root"));
    clock.Advance(1s);
    EXPECT_FALSE(lockout.Locked("root"));
    EXPECT_FALSE(Try("root", false));      // counting begins anew
    EXPECT_FALSE(lockout.Locked("root"));
}

TEST_F(LockoutTest, CountsTriesInFlight) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(lockout.MayTry("root"));
        lockout.Begin("root");
    }
    EXPECT_FALSE(lockout.MayTry("root"));  // must wait, but is not locked
    EXPECT_FALSE(lockout.Locked("root"));
    lockout.End("root", true);
    EXPECT_TRUE(lockout.MayTry("root"));
}

TEST_F(LockoutTest, NeverLocksWithALimitOfNought) {
    lockout.rules.failures = 0;
    for (int i = 0; i < 50; ++i) Try("root", false);
    EXPECT_FALSE(lockout.Locked("root"));
    EXPECT_TRUE(lockout.MayTry("root"));
}

TEST_F(LockoutTest, RemembersARealNameWhileOthersAreInvented) {
    for (int i = 0; i < 4; ++i) Try("root", false);
    for (int i = 0; i < 4500; ++i) Try("invented" + std::to_string(i), false);
    EXPECT_LE(lockout.size(), 4096u);
    EXPECT_TRUE(Try("root", false));
}

}  // namespace
