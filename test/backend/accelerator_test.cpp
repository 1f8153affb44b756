#include "backend/qemu/accelerator.h"

#include <gtest/gtest.h>

#include "rt/run.h"

namespace backend::qemu {
namespace {

const std::string kQemu = "qemu-system-x86_64";

TEST(Accelerator, TheTrialRunSucceedsWhereInstructionsRun) {
    auto run = rt::RunFor(TryAccelerator(kQemu, "tcg"));
    EXPECT_TRUE(run) << run.error().message;
}

TEST(Accelerator, TheTrialRunFailsWithQemusWords) {
    auto run = rt::RunFor(TryAccelerator(kQemu, "hax"));
    ASSERT_FALSE(run);
    EXPECT_NE(run.error().message, "");
}

TEST(Accelerator, TheChoiceHasAReason) {
    auto choice = rt::RunFor(ChooseAccelerator(kQemu, ""));
    ASSERT_TRUE(choice);
    EXPECT_TRUE(choice->accelerator == "kvm" || choice->accelerator == "tcg");
    EXPECT_GT(choice->reason.size(), 10u);
    auto asked = rt::RunFor(ChooseAccelerator(kQemu, "tcg"));
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->accelerator, "tcg");
    EXPECT_FALSE(rt::RunFor(ChooseAccelerator(kQemu, "xen")));
}

TEST(Accelerator, SaysWhichProgramIsMissing) {
    auto version = rt::RunFor(ReadEngineVersion("no-such-qemu"));
    ASSERT_FALSE(version);
    EXPECT_NE(version.error().message.find("no-such-qemu"), std::string::npos);
}

}  // namespace
}  // namespace backend::qemu
