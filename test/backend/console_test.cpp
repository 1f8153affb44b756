#include <gtest/gtest.h>

#include "backend/qemu/agent/replies.h"
#include "backend/qemu/key_codes.h"
#include "backend/qemu/ppm.h"

namespace backend::qemu {
namespace {

TEST(KeyName, FollowsTheHidUsageTables) {
    struct Row {
        int usage;
        std::string_view name;
    };
    for (auto [usage, name] : {Row{0x04, "a"},         Row{0x1d, "z"},
                               Row{0x1e, "1"},         Row{0x27, "0"},
                               Row{0x28, "ret"},       Row{0x2c, "spc"},
                               Row{0x31, "backslash"}, Row{0x39, "caps_lock"},
                               Row{0x3a, "f1"},        Row{0x45, "f12"},
                               Row{0x4c, "delete"},    Row{0x53, "num_lock"},
                               Row{0x58, "kp_enter"},  Row{0x63, "kp_decimal"},
                               Row{0x64, "less"},      Row{0x68, "f13"},
                               Row{0x73, "f24"},       Row{0xe0, "ctrl"},
                               Row{0xe7, "meta_r"},    Row{0x03, ""},
                               Row{0xe8, ""},          Row{-1, ""},
                               Row{0x7fffffff, ""}})
        EXPECT_EQ(KeyName(usage), name) << usage;
}

TEST(ParsePpm, TakesAWholePictureOnly) {
    auto good = ParsePpm("P6\n2 1\n255\nabcdef");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->width, 2);
    EXPECT_EQ(good->rgb, "abcdef");
    for (const char* bad :
         {"", "P5\n2 1\n255\nab", "P6\n2 1\n255\nabcde", "P6\n2 1\n255\nabcdefg", "P6\n0 1\n255\n", "P6\n2\n",
          "P6\n2 1\n65535\nabcdef", "P6\n99999999999 1\n255\n", "P6\n-2 1\n255\nabcdef", "P6\n2 1\n255"})
        EXPECT_FALSE(ParsePpm(bad)) << bad;
}

TEST(AgentReplies, SayWhetherProgramsMayBeRun) {
    EXPECT_TRUE(agent::ParseCanRun(R"({"supported_commands":[{"name":"guest-exec","enabled":true},
                                       {"name":"guest-file-open","enabled":true}]})"));
    EXPECT_FALSE(agent::ParseCanRun(R"({"supported_commands":[{"name":"guest-exec","enabled":false},
                                        {"name":"guest-file-open","enabled":true}]})"));
    EXPECT_FALSE(agent::ParseCanRun("[]"));
}

TEST(AgentReplies, OutcomesAreCodesAndBytes) {
    auto runs = agent::ParseOutcome(R"({"exited":false})");
    ASSERT_TRUE(runs);
    EXPECT_FALSE(*runs);
    auto ended = agent::ParseOutcome(R"({"exited":true,"exitcode":3,"out-data":"AAEC","err-data":"b2g="})");
    ASSERT_TRUE(ended && *ended);
    EXPECT_EQ((*ended)->exit_code, 3);
    EXPECT_EQ((*ended)->out, std::string("\0\1\2", 3));
    EXPECT_EQ((*ended)->err, "oh");
    EXPECT_EQ((**agent::ParseOutcome(R"({"exited":true,"signal":9})")).exit_code, -1);
    EXPECT_FALSE(agent::ParseOutcome("7"));
}

TEST(AgentReplies, DisksAreThoseWithASize) {
    auto disks = agent::ParseFilesystems(R"([{"mountpoint":"/","total-bytes":10485760,"used-bytes":3145729},
        {"mountpoint":"/proc"},{"mountpoint":"/lie","total-bytes":5,"used-bytes":-9223372036854775807}])");
    ASSERT_TRUE(disks);
    ASSERT_EQ(disks->size(), 1u);
    EXPECT_EQ(disks->front(), (GuestDisk{"/", 10485760, 6291456}));
}

}  // namespace
}  // namespace backend::qemu
