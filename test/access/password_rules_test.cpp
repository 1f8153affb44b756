#include "access/password_rules.h"

#include <gtest/gtest.h>

namespace {

struct Row {
    const char* name;
    const char* password;
    bool ok;
    const char* user = "alice";
};
class Password : public testing::TestWithParam<Row> {};

TEST_P(Password, IsJudged) {
    auto done = auth::CheckPassword({}, GetParam().user, GetParam().password);
    EXPECT_EQ(bool(done), GetParam().ok) << (done ? "" : done.error().message);
    if (!done) EXPECT_NE(done.error().message.find("at least 8 characters from one class"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    , Password,
    testing::Values(Row{"empty", "", false}, Row{"eight_of_one_class", "qwmzxkvb", true},
                    Row{"seven_of_one_class", "qwmzxkv", false}, Row{"seven_of_two_classes", "qwmz4kv", false},
                    Row{"eight_of_two_classes", "qwm4zxkv", true}, Row{"seven_of_three_classes", "qwM4zxv", true},
                    Row{"six_of_three_classes", "qwM4zx", false}, Row{"six_of_four_classes", "qM4!zx", true},
                    Row{"five_of_four_classes", "qM4!z", false}, Row{"first_capital_does_not_count", "Qw4zxkv", false},
                    Row{"last_digit_does_not_count", "qwMzxk4", false},
                    Row{"capital_first_and_digit_last_in_eight", "Qwmzxkv4", true},
                    Row{"capital_in_the_middle_counts", "qQw4zxv", true}, Row{"phrase", "ox bit me", true},
                    Row{"user_name", "xxalice!Z9q", false}, Row{"user_name_in_capitals", "xxALICE!z9q", false},
                    Row{"short_user_name_may_appear", "qab4zxkvM", true, "ab"},
                    Row{"few_different_characters", "abababababab", false},
                    Row{"letters_beyond_ascii_are_a_class", "q\xC3\xBCM4zx", true},
                    Row{"characters_are_counted_not_bytes", "\xC3\xBC\xC3\xA4\xC3\xB6q", false}),
    [](const auto& i) { return i.param.name; });

TEST(PasswordRules, RefuseAZeroByteAndTooMuch) {
    EXPECT_FALSE(auth::CheckPassword({}, "u", std::string("qwM4!zxkv\0tail", 14)));
    std::string longest;
    while (longest.size() < 256) longest += "aB3!";
    EXPECT_TRUE(auth::CheckPassword({}, "u", longest));
    EXPECT_FALSE(auth::CheckPassword({}, "u", longest + "x"));
}

TEST(PasswordRules, TakeTheAdvancedOption) {
    auto rules = auth::ParsePasswordRules("retry=3 min=disabled,disabled,disabled,7,7");
    ASSERT_TRUE(rules);
    EXPECT_FALSE(auth::CheckPassword(*rules, "u", "qwmz4xkvqwmz"));     // two classes never suffice
    EXPECT_FALSE(auth::CheckPassword(*rules, "u", "some good phrase"));
    EXPECT_TRUE(auth::CheckPassword(*rules, "u", "qwM4zxv"));
    EXPECT_FALSE(auth::CheckPassword(*rules, "u", "qwM4!z"));           // 6 of four classes
}

TEST(PasswordRules, TakeAPhraseWhereWordsAreNotEnough) {
    auto rules = auth::ParsePasswordRules("min=disabled,disabled,12,disabled,disabled passphrase=3");
    ASSERT_TRUE(rules);
    EXPECT_TRUE(auth::CheckPassword(*rules, "u", "three good words"));
    EXPECT_FALSE(auth::CheckPassword(*rules, "u", "two longwords"));
    EXPECT_FALSE(auth::CheckPassword(*rules, "u", "a bc defgh"));
}

TEST(PasswordRules, RefuseWordsTheyDoNotKnow) {
    for (const char* bad : {"min=8,8,8", "min=8,8,8,8,x", "max=0", "min=8,8,8,8,-1", "nonsense", "passphrase=many"})
        EXPECT_FALSE(auth::ParsePasswordRules(bad)) << bad;
}

}  // namespace
