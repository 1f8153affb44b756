#include "vim/pack.h"

#include <gtest/gtest.h>

#include "vim/gen/all.h"

namespace vim {
namespace {

TaskInfo FullInfo() {
    TaskInfo info;
    info.key = "haTask-1";
    info.task = Ref{&Task::kType, "haTask-1"};
    info.locked = {Ref{&VirtualMachine::kType, "1"}, Ref{&VirtualMachine::kType, "2"}};
    info.state = TaskInfoState::kError;
    info.cancelled = true;
    info.progress = -5;
    info.error.Mut().fault =
        InvalidPowerState(VirtualMachinePowerState::kPoweredOn, VirtualMachinePowerState::kSuspended);
    info.error.Mut().localized_message = "words";
    info.reason = TaskReasonUser();
    info.queue_time = Time(std::chrono::microseconds(1'234'567'890'123'456));
    return info;
}

TEST(Pack, EveryFieldComesBackWithItsSubtype) {
    TaskInfo info = FullInfo();
    auto again = Unpack(Pack(info));
    ASSERT_TRUE(again);
    EXPECT_TRUE(Equal(again.get(), &info));
    ASSERT_TRUE(again.As<TaskInfo>());
    EXPECT_TRUE(again.As<TaskInfo>()->error->fault.As<InvalidPowerState>());
}

TEST(Pack, AnythingInAnAnyComesBack) {
    AnyArray array{&kStringType, {Any("a"), Any("")}};
    std::vector<Any> values = {Any(),
                               Any(true),
                               Any(std::int8_t(-1)),
                               Any(std::int16_t(300)),
                               Any(std::int32_t(-70'000)),
                               Any(std::int64_t(1) << 62),
                               Any(1.5f),
                               Any(-2.5),
                               Any("text"),
                               Any(Uri{"ftp://x"}),
                               Any(Time(base::Duration(-7))),
                               Any(Binary{std::string("\0\xff", 2)}),
                               Any(Ref{&Task::kType, "t"}),
                               Any(EnumValue{&kTaskInfoStateType, 2}),
                               Any(Ptr<DynamicData>(FullInfo())),
                               Any(array)};
    for (std::size_t i = 0; i < values.size(); ++i) {
        TaskInfo info;
        info.result = values[i];
        auto again = Unpack(Pack(info));
        ASSERT_TRUE(again) << i;
        EXPECT_EQ(again.As<TaskInfo>()->result, values[i]) << i;
    }
}

TEST(Pack, EveryCutIsNoticed) {
    auto bytes = Pack(FullInfo());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_FALSE(Unpack(std::string_view(bytes).substr(0, cut))) << cut;
    EXPECT_FALSE(Unpack(bytes + "x"));
}

std::string Replaced(std::string bytes, std::string_view from, std::string_view to) {
    auto at = bytes.find(from);
    EXPECT_NE(at, bytes.npos);
    return bytes.replace(at, from.size(), to);          // of one length: the lengths before them stay
}

// What another build of the product has written.
TEST(Pack, WhatThisBuildDoesNotKnowIsLeftOut) {
    auto bytes = Pack(FullInfo());
    EXPECT_FALSE(Unpack(Replaced(bytes, "TaskInfo", "TaskOnfo")));
    auto field = Unpack(Replaced(bytes, "progress", "progrOss"));
    ASSERT_TRUE(field);
    EXPECT_FALSE(field.As<TaskInfo>()->progress);
    EXPECT_TRUE(field.As<TaskInfo>()->cancelled);
    auto fault = Unpack(Replaced(bytes, "InvalidPowerState", "InvalidPowerStOte"));
    ASSERT_TRUE(fault);
    EXPECT_FALSE(fault.As<TaskInfo>()->error->fault);
    EXPECT_EQ(fault.As<TaskInfo>()->error->localized_message, "words");
}

TEST(Pack, AHostileDepthIsRefused) {
    std::string deep(100'000, '\x0d');                  // an object in an object in ...
    EXPECT_FALSE(Unpack(deep));
}

}  // namespace
}  // namespace vim
