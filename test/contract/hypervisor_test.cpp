// What hypervisor.h promises of the life of a VM, asked of every backend.
#include "backend/hypervisor.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/contract/running.h"

namespace contract {
namespace {

using namespace backend;
using base::Code;

rt::Co<void> StartsAndStops(Lab& lab, Hypervisor& hv) {
    EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
    std::vector<int> steps;
    VmSpec spec = lab.Spec("1");
    Progress progress = [&](int percent) { steps.push_back(percent); };
    auto started = co_await hv.Start(spec, {}, progress);
    EXPECT_OK(started);
    EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
    EXPECT_EQ(steps.empty() ? 0 : steps.back(), 100);
    EXPECT_SAW("1", EventKind::kRunning);
    auto stopped = co_await hv.Stop("1");
    EXPECT_OK(stopped);
    EXPECT_SAW("1", EventKind::kStopped);
    EXPECT_EQ(lab.last_detail, "");
    EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
    EXPECT_TRUE(lab.LeftBehind().empty());
}

rt::Co<void> RefusesToStartWhatRuns(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    VmSpec spec = lab.Spec("1");
    auto again = co_await hv.Start(spec, {}, nullptr);
    EXPECT_FALSE(again);
    if (!again) EXPECT_EQ(again.error().code, Code::kExists);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
}

rt::Co<void> KnowsNothingOfWhatDoesNotRun(Lab& lab, Hypervisor& hv) {
    std::vector<base::Result<>> answers;
    answers.push_back(co_await hv.Stop("1"));
    answers.push_back(co_await hv.Reset("1"));
    answers.push_back(co_await hv.Pause("1"));
    answers.push_back(co_await hv.Resume("1"));
    answers.push_back(co_await hv.Suspend("1", lab.Folder() + "/state", nullptr));
    answers.push_back(co_await hv.ShutdownGuest("1"));
    answers.push_back(co_await hv.RebootGuest("1"));
    answers.push_back(co_await hv.StandbyGuest("1"));
    answers.push_back(co_await hv.ChangeMedium("1", 3002, {}));
    answers.push_back(co_await hv.SetLink("1", 4000, true));
    answers.push_back(co_await hv.ResizeDisk("1", 3000, 1 << 20));
    for (auto& answer : answers) {
        EXPECT_FALSE(answer);
        if (!answer) EXPECT_EQ(answer.error().code, Code::kNotFound) << answer.error().message;
    }
    answers.clear();
    answers.push_back(co_await hv.SetResources("1", "", {}));
    EXPECT_FALSE(answers.back());
    auto usage = co_await hv.ReadUsage("1");
    EXPECT_FALSE(usage);
    EXPECT_TRUE(lab.events.empty());
}

rt::Co<void> PausesAndResumes(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    for (int twice = 0; twice < 2; ++twice) {            // the second time there is nothing to do
        auto paused = co_await hv.Pause("1");
        EXPECT_OK(paused);
        EXPECT_EQ(hv.StateOf("1"), RunState::kPaused);
    }
    EXPECT_SAW("1", EventKind::kPaused);
    EXPECT_EQ(lab.last_detail, "");
    auto resumed = co_await hv.Resume("1");
    EXPECT_OK(resumed);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    EXPECT_SAW("1", EventKind::kRunning);
}

rt::Co<void> ResetsTheGuest(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    EXPECT_TRUE(co_await lab.Booted("1"));
    auto reset = co_await hv.Reset("1");
    EXPECT_OK(reset);
    EXPECT_SAW("1", EventKind::kGuestReset);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
}

rt::Co<void> SuspendsAndGoesOn(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    EXPECT_TRUE(co_await lab.Booted("1"));
    std::string state = lab.Folder() + "/1.vmss";
    auto suspended = co_await hv.Suspend("1", state, nullptr);
    EXPECT_OK(suspended);
    EXPECT_SAW("1", EventKind::kStopped);
    EXPECT_EQ(lab.last_detail, "");
    EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
    EXPECT_TRUE(std::filesystem::exists(state));
    EXPECT_TRUE(lab.LeftBehind().empty());
    VmSpec spec = lab.Spec("1");
    auto resumed = co_await hv.Start(spec, state, nullptr);
    EXPECT_OK(resumed);
    EXPECT_SAW("1", EventKind::kRunning);
    EXPECT_LE(lab.Boots("1"), 1);                        // it went on; it did not begin anew
}

rt::Co<void> RunsOnWhenASuspendFails(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    lab.events.clear();
    std::string state = lab.Folder() + "/no/such/folder/1.vmss";
    auto suspended = co_await hv.Suspend("1", state, nullptr);
    EXPECT_FALSE(suspended);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    EXPECT_FALSE(std::filesystem::exists(state));
    for (const Event& e : lab.events) EXPECT_NE(e.kind, EventKind::kStopped);
    auto paused = co_await hv.Pause("1");
    EXPECT_OK(paused);
    EXPECT_SAW("1", EventKind::kPaused);
}

rt::Co<void> RefusesAStateThatIsNone(Lab& lab, Hypervisor& hv) {
    std::string missing = lab.Folder() + "/missing.vmss", broken = lab.Folder() + "/broken.vmss";
    std::ofstream(broken) << "this was never a state";
    for (const std::string& state : {missing, broken}) {
        VmSpec spec = lab.Spec("1");
        auto started = co_await hv.Start(spec, state, nullptr);
        EXPECT_FALSE(started) << state;
        if (!started) EXPECT_NE(started.error().message, "");
        EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
        EXPECT_TRUE(lab.LeftBehind().empty());
    }
}

rt::Co<void> AsksTheGuestToShutDown(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    EXPECT_TRUE(co_await lab.Booted("1"));
    auto asked = co_await hv.ShutdownGuest("1");
    EXPECT_OK(asked);
    EXPECT_SAW("1", EventKind::kGuestShutdown);
    EXPECT_SAW("1", EventKind::kStopped);
    EXPECT_EQ(lab.last_detail, "");
    EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
    EXPECT_TRUE(lab.LeftBehind().empty());
}

rt::Co<void> TellsOfAKill(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    lab.Kill("1");
    EXPECT_SAW("1", EventKind::kStopped);
    EXPECT_NE(lab.last_detail.find("signal 9"), std::string::npos) << lab.last_detail;
    EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
    EXPECT_TRUE(lab.LeftBehind().empty());
}

rt::Co<void> LeavesNothingOfAFailedStart(Lab& lab, Hypervisor& hv) {
    VmSpec broken = lab.Spec("1");
    lab.BreakNextStart(broken);
    auto failed = co_await hv.Start(broken, {}, nullptr);
    EXPECT_FALSE(failed);
    if (!failed) EXPECT_NE(failed.error().message, "");
    EXPECT_EQ(hv.StateOf("1"), RunState::kStopped);
    EXPECT_TRUE(lab.LeftBehind().empty());
    EXPECT_TRUE(lab.events.empty());
    co_await StartVm(lab, hv, "1");
}

rt::Co<void> StartsSeveralAtOnce(Lab& lab, Hypervisor& hv) {
    for (const char* id : {"1", "2", "3"}) co_await rt::Detach(StartVm(lab, hv, id));
    for (const char* id : {"1", "2", "3"}) EXPECT_SAW(id, EventKind::kRunning);
    for (const char* id : {"1", "2", "3"}) EXPECT_EQ(hv.StateOf(id), RunState::kRunning);
}

const Row kRows[] = {
    {"StartsAndStops", StartsAndStops},
    {"RefusesToStartWhatRuns", RefusesToStartWhatRuns},
    {"KnowsNothingOfWhatDoesNotRun", KnowsNothingOfWhatDoesNotRun},
    {"PausesAndResumes", PausesAndResumes},
    {"ResetsTheGuest", ResetsTheGuest},
    {"SuspendsAndGoesOn", SuspendsAndGoesOn},
    {"RunsOnWhenASuspendFails", RunsOnWhenASuspendFails},
    {"RefusesAStateThatIsNone", RefusesAStateThatIsNone},
    {"AsksTheGuestToShutDown", AsksTheGuestToShutDown},
    {"TellsOfAKill", TellsOfAKill},
    {"LeavesNothingOfAFailedStart", LeavesNothingOfAFailedStart},
    {"StartsSeveralAtOnce", StartsSeveralAtOnce},
};

class HypervisorContract : public EveryRow {};
TEST_P(HypervisorContract, Holds) { RunRow(); }
INSTANTIATE_TEST_SUITE_P(, HypervisorContract, testing::Combine(testing::ValuesIn(kMachines), testing::ValuesIn(kRows)),
                         EveryRow::Name);

}  // namespace
}  // namespace contract
