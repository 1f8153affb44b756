#include "vm/log_rules.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "test/store/temp_folder.h"

namespace vm {
namespace {

struct LogRulesTest : testing::Test {
    void Write(const std::string& name, std::string_view text) { std::ofstream(folder / name) << text; }
    bool There(const std::string& name) { return std::filesystem::exists(folder / name); }
    TempFolder folder;
};

TEST_F(LogRulesTest, AStartBeginsANewLog) {
    for (int start = 1; start <= 4; ++start) {
        Write("vmware.log", base::Cat("start ", start, "\n"));
        RotateAtStart(folder.path, {.keep = 2});
    }
    EXPECT_FALSE(There("vmware.log"));
    EXPECT_EQ(ReadAll(folder / "vmware-1.log"), "start 4\n");
    EXPECT_EQ(ReadAll(folder / "vmware-2.log"), "start 3\n");
    EXPECT_FALSE(There("vmware-3.log"));
}

TEST_F(LogRulesTest, AnEmptyLogIsNoneToKeep) {
    Write("vmware.log", "");
    RotateAtStart(folder.path, {});
    EXPECT_FALSE(There("vmware-1.log"));
}

TEST_F(LogRulesTest, OthersArePutAsideWhenTheyHaveGrown) {
    Write("serial.log", std::string(5000, 's'));
    Write("qemu.log", "few words");
    RotateAtStart(folder.path, {.keep = 6, .most_bytes = 4096});
    EXPECT_FALSE(There("serial.log"));
    EXPECT_EQ(ReadAll(folder / "serial-1.log").size(), 5000u);
    EXPECT_EQ(ReadAll(folder / "qemu.log"), "few words");
}

TEST_F(LogRulesTest, WhatAGuestWritesForMonthsIsCut) {
    Write("serial.log", std::string(17 << 20, 'a') + "the end");
    BoundWhileRunning(folder.path);
    EXPECT_EQ(std::filesystem::file_size(folder / "serial.log"), 0u);
    std::string kept = ReadAll(folder / "serial-1.log");
    EXPECT_EQ(kept.size(), std::size_t(4 << 20));
    EXPECT_TRUE(kept.ends_with("the end"));
    Write("serial.log", "small");
    BoundWhileRunning(folder.path);
    EXPECT_EQ(ReadAll(folder / "serial.log"), "small");
}

TEST_F(LogRulesTest, AreThoseOfTheVm) {
    Config config;
    for (auto [key, value] : {std::pair{"log.keepOld", "3"}, {"log.rotateSize", "100"}}) {
        vim::OptionValue option;
        option.key = key;
        option.value = std::string(value);
        config.extra_config.push_back(std::move(option));
    }
    LogRules rules = LogRulesOf(config);
    EXPECT_EQ(rules.keep, 3);
    EXPECT_EQ(rules.most_bytes, 4096);
    EXPECT_EQ(LogRulesOf(Config()).keep, 6);
}

}  // namespace
}  // namespace vm
