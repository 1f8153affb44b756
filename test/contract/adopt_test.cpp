// VMs that outlive their hostd, found by the next one; asked of every backend.
#include <gtest/gtest.h>

#include <map>

#include "test/contract/running.h"

namespace contract {
namespace {

using namespace backend;

// Three VMs are left by a hostd that goes: one runs, one is paused, one dies meanwhile.
class AdoptContract : public EveryMachine {};

rt::Co<void> LeaveAndComeBack(Lab& lab) {
    auto before = lab.Make();
    lab.Listen(*before);
    auto opened = co_await before->Open();
    EXPECT_OK(opened);
    for (const char* id : {"1", "2", "3"}) co_await StartVm(lab, *before, id);
    auto paused = co_await before->Pause("2");
    EXPECT_OK(paused);
    before.reset();
    lab.events.clear();
    lab.Kill("3");

    auto after = lab.Make();
    lab.Listen(*after);
    opened = co_await after->Open();
    EXPECT_OK(opened);
    auto found = co_await after->Adopt();
    EXPECT_OK(found);
    std::map<std::string, RunState> states;
    for (const auto& f : *found) {
        states[f.vm] = f.state;
        if (f.state != RunState::kStopped) EXPECT_EQ(f.started, kPoweredOn) << f.vm;
    }
    std::map<std::string, RunState> wanted{
        {"1", RunState::kRunning}, {"2", RunState::kPaused}, {"3", RunState::kStopped}};
    EXPECT_EQ(states, wanted);
    EXPECT_EQ(lab.LeftBehind().size(), 2u);
    EXPECT_EQ(after->StateOf("2"), RunState::kPaused);

    auto resumed = co_await after->Resume("2");
    EXPECT_OK(resumed);
    EXPECT_SAW("2", EventKind::kRunning);
    auto stopped = co_await after->Stop("1");
    EXPECT_OK(stopped);
    EXPECT_SAW("1", EventKind::kStopped);
    lab.Kill("2");
    EXPECT_SAW("2", EventKind::kStopped);
    EXPECT_NE(lab.last_detail, "");
}

TEST_P(AdoptContract, FindsWhatRunsAfterARestart) { RunOn(GetParam().make(), LeaveAndComeBack); }

INSTANTIATE_TEST_SUITE_P(, AdoptContract, testing::ValuesIn(kMachines), EveryMachine::Name);

}  // namespace
}  // namespace contract
