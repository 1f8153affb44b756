#include "task/record.h"

#include <gtest/gtest.h>

namespace task {
namespace {

OpenTask PowerOn(int number) {
    OpenTask open;
    open.number = number;
    open.method = "PowerOnVM_Task";
    open.queued = 1'790'000'000'000'000;
    open.cancelable = true;
    open.what = {"haTask-1-vim.VirtualMachine.powerOn-" + std::to_string(number),
                 "VirtualMachine.powerOn",
                 "VirtualMachine",
                 "1",
                 "root",
                 "{\"host\": \"ha-host\"}",
                 "",
                 "",
                 77};
    return open;
}

TEST(Record, AnOpenTaskComesBackWithItsLastStep) {
    OpenTask open = PowerOn(5);
    OpenTask stepped = open;
    stepped.what.step = "created";
    stepped.what.step_state = "{\"file\": \"w\xff.vmx\"}";      // as a disk has it: not UTF-8
    auto replayed = Replay({BeginRecord(open), StepRecord(stepped)});
    ASSERT_EQ(replayed.open.size(), 1u);
    const OpenTask& got = replayed.open.at(5);
    EXPECT_EQ(got.method, "PowerOnVM_Task");
    EXPECT_EQ(got.queued, open.queued);
    EXPECT_TRUE(got.cancelable);
    EXPECT_TRUE(got.exclusive);
    EXPECT_EQ(got.what.task_key, open.what.task_key);
    EXPECT_EQ(got.what.task_id, "VirtualMachine.powerOn");
    EXPECT_EQ(got.what.entity_type, "VirtualMachine");
    EXPECT_EQ(got.what.entity_id, "1");
    EXPECT_EQ(got.what.user, "root");
    EXPECT_EQ(got.what.begun, open.what.begun);
    EXPECT_EQ(got.what.chain_id, 77);
    EXPECT_EQ(got.what.step, "created");
    EXPECT_EQ(got.what.step_state, stepped.what.step_state);
    // Rewritten as one record it says the same.
    EXPECT_EQ(Replay({BeginRecord(got)}).open.at(5).what.step, "created");
    EXPECT_EQ(replayed.highest, 5);
}

TEST(Record, AnEndedTaskIsNotOpenAndItsOutcomeIsThere) {
    vim::TaskInfo info;
    info.key = "k";
    info.state = vim::TaskInfoState::kSuccess;
    auto replayed =
        Replay({BeginRecord(PowerOn(1)), BeginRecord(PowerOn(2)), EndRecord(1, "\n0 VirtualMachine:1\n", info)});
    EXPECT_EQ(replayed.open.size(), 1u);
    EXPECT_TRUE(replayed.open.count(2));
    ASSERT_EQ(replayed.ended.size(), 1u);
    EXPECT_EQ(replayed.ended[0].number, 1);
    EXPECT_EQ(replayed.ended[0].lineage, "\n0 VirtualMachine:1\n");
    EXPECT_EQ(replayed.ended[0].info->key, "k");
}

TEST(Record, TwiceIsOnce) {
    auto begin = BeginRecord(PowerOn(1));
    EXPECT_EQ(Replay({begin, begin}).open.size(), 1u);
    EXPECT_EQ(Replay({begin, EndRecord(1, "", {}), EndRecord(1, "", {})}).open.size(), 0u);
    EXPECT_EQ(Replay({EndRecord(1, "", {})}).unreadable, 0);     // its begin was dropped
    EXPECT_EQ(Replay({StepRecord(PowerOn(1))}).open.size(), 0u);
}

TEST(Record, NonsenseIsCountedAndLeftOut) {
    for (auto* bad : {"", "{", "[]", "{}", "{\"begin\": 1}", "{\"begin\": \"x\"}", "{\"end\": 1}",
                      "{\"end\": 1, \"info\": \"?\"}"}) {
        auto replayed = Replay({bad});
        EXPECT_EQ(replayed.unreadable, 1) << bad;
        EXPECT_TRUE(replayed.open.empty() && replayed.ended.empty()) << bad;
    }
}

}  // namespace
}  // namespace task
