// What hypervisor.h promises, asked of every backend.
#include "backend/hypervisor.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/contract/contract.h"

namespace contract {
namespace {

using namespace backend;
using base::Code;

#define EXPECT_SAW(vm, kind) EXPECT_TRUE(co_await lab.Saw(vm, kind)) << "no " #kind

constexpr base::Time kPoweredOn{base::Duration(1'764'124'200'123'456)};

rt::Co<void> StartVm(Lab& lab, Hypervisor& hv, std::string id) {
    VmSpec spec = lab.Spec(id);
    spec.started = kPoweredOn;
    auto started = co_await hv.Start(std::move(spec), {}, nullptr);
    EXPECT_OK(started);
    EXPECT_EQ(hv.StateOf(id), RunState::kRunning);
}

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

// The first words of RFB, whoever speaks them.
rt::Co<void> ShowsItsScreen(Lab& lab, Hypervisor& hv) {
    auto none = co_await hv.OpenDisplay("1");
    EXPECT_FALSE(none);
    co_await StartVm(lab, hv, "1");
    std::vector<rt::ByteStreamPtr> viewers;
    for (int i = 0; i < 2; ++i) {                        // several may look
        auto opened = co_await hv.OpenDisplay("1");
        EXPECT_OK(opened);
        if (!opened) co_return;
        viewers.push_back(*std::move(opened));
        std::string heard(12, ' ');
        auto got = co_await viewers.back()->ReadSome(heard);
        EXPECT_OK(got);
        EXPECT_EQ(heard, "RFB 003.008\n");
        auto said = co_await viewers.back()->Write(heard);
        EXPECT_OK(said);
        got = co_await viewers.back()->ReadSome(heard);
        EXPECT_OK(got);
        EXPECT_EQ(heard.substr(0, 2), (std::string{1, 1}));    // one way in, without a password
    }
    auto picture = co_await hv.TakePicture("1");
    EXPECT_OK(picture);
    if (picture) {
        EXPECT_GT(picture->width, 0);
        EXPECT_EQ(picture->rgb.size(), std::size_t(picture->width) * std::size_t(picture->height) * 3);
    }
    auto stopped = co_await hv.Stop("1");
    EXPECT_OK(stopped);
    for (auto& viewer : viewers) {
        std::string rest(64, ' ');
        auto got = co_await viewer->ReadSome(rest);
        EXPECT_TRUE(!got || *got == 0);                  // the stream ends with the VM
    }
}

rt::Co<void> ShowsItsSerialPortToSeveral(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    std::vector<rt::ByteStreamPtr> viewers;
    for (int i = 0; i < 2; ++i) {
        auto opened = co_await hv.OpenSerial("1");
        EXPECT_OK(opened);
        if (!opened) co_return;
        viewers.push_back(*std::move(opened));
        auto said = co_await viewers.back()->Write("x");
        EXPECT_OK(said);
    }
    for (auto& viewer : viewers) {
        std::string heard(1, ' ');
        auto got = co_await viewer->ReadSome(heard);
        EXPECT_OK(got);
        EXPECT_TRUE(got && *got == 1);
    }
    viewers.front()->Close();
    std::string heard(1, ' ');
    auto after = co_await viewers.back()->ReadSome(heard);       // the other one stays
    EXPECT_TRUE(after && *after == 1);
    viewers.clear();
    auto again = co_await hv.OpenSerial("1");
    EXPECT_OK(again);
}

rt::Co<void> TakesKeys(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    std::vector<KeyEvent> good{{0xe0, true}, {0x06, true}, {0x06, false}, {0xe0, false}};
    auto sent = co_await hv.SendKeys("1", good);
    EXPECT_OK(sent);
    std::vector<KeyEvent> bad{{0x04, true}, {0x3ff, true}};
    auto refused = co_await hv.SendKeys("1", bad);
    EXPECT_FALSE(refused);
    if (!refused) EXPECT_EQ(refused.error().code, Code::kInvalid);
}

// Neither lab's guest has an agent that runs programs; what is said must tell why.
rt::Co<void> RefusesProgramsWithoutAnAgent(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    GuestProgram program{.path = "/bin/true"};
    auto run = co_await hv.RunInGuest("1", program);
    EXPECT_FALSE(run);
    if (!run) EXPECT_TRUE(run.error().code == Code::kBusy || run.error().code == Code::kDenied);
    auto file = co_await hv.OpenGuestFile("1", "/etc/passwd", false);
    EXPECT_FALSE(file);
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

rt::Co<void> ChangesMediaAndLinks(Lab& lab, Hypervisor& hv) {
    std::string iso = lab.Folder() + "/cd.iso";
    std::ofstream(iso) << std::string(64 * 1024, 'x');
    co_await StartVm(lab, hv, "1");
    for (const std::string& medium : {iso, iso, std::string(), std::string()}) {
        auto changed = co_await hv.ChangeMedium("1", 3002, medium);
        EXPECT_OK(changed);
    }
    auto no_drive = co_await hv.ChangeMedium("1", 3099, iso);
    EXPECT_FALSE(no_drive);
    if (!no_drive) EXPECT_EQ(no_drive.error().code, Code::kNotFound) << no_drive.error().message;
    auto link = co_await hv.SetLink("1", 4000, true);
    EXPECT_OK(link);
    auto no_nic = co_await hv.SetLink("1", 4009, true);
    EXPECT_FALSE(no_nic);
    if (!no_nic) EXPECT_EQ(no_nic.error().code, Code::kNotFound) << no_nic.error().message;
}

rt::Co<void> GrowsADisk(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    auto grown = co_await hv.ResizeDisk("1", 3000, 8 << 20);
    EXPECT_OK(grown);
    auto no_disk = co_await hv.ResizeDisk("1", 3001, 8 << 20);
    EXPECT_FALSE(no_disk);
    if (!no_disk) EXPECT_EQ(no_disk.error().code, Code::kNotFound) << no_disk.error().message;
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
}

rt::Co<void> CountsUse(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    EXPECT_TRUE(co_await lab.Booted("1"));
    auto first = co_await hv.ReadUsage("1");
    auto second = co_await hv.ReadUsage("1");
    EXPECT_OK(first);
    EXPECT_OK(second);
    if (!first || !second) co_return;
    EXPECT_GT(first->resident_bytes, 0);
    EXPECT_GE(second->cpu_us, first->cpu_us);
    EXPECT_EQ(first->vcpus.size(), std::size_t(lab.Spec("1").cpus));
    for (std::size_t i = 0; i < first->vcpus.size() && i < second->vcpus.size(); ++i) {
        EXPECT_GE(second->vcpus[i].run_us, first->vcpus[i].run_us);
        EXPECT_GE(second->vcpus[i].ready_us, first->vcpus[i].ready_us);
    }
    for (const DiskSpec& disk : lab.Spec("1").disks) {
        auto same = [&](const DiskUsage& d) { return d.key == disk.key; };
        bool medium = disk.connected && !disk.path.empty();
        EXPECT_EQ(std::any_of(first->disks.begin(), first->disks.end(), same), medium) << disk.key;
    }
}

rt::Co<void> StandsInPools(Lab& lab, Hypervisor& hv) {
    Resources half{.cpu = {.reservation = 0, .limit = 1000, .shares = 500}, .memory = {}};
    std::vector<PoolSpec> tree{{"a", "", half}, {"b", "a", {}}};
    auto made = co_await hv.SetPools(tree);
    EXPECT_OK(made);
    VmSpec spec = lab.Spec("1");
    spec.pool = "b";
    spec.resources = half;
    auto started = co_await hv.Start(std::move(spec), {}, nullptr);
    EXPECT_OK(started);
    EXPECT_SAW("1", EventKind::kRunning);
    auto moved = co_await hv.SetResources("1", "a", {});
    EXPECT_OK(moved);
    auto nowhere = co_await hv.SetResources("1", "c", {});
    EXPECT_FALSE(nowhere);
    if (!nowhere) EXPECT_EQ(nowhere.error().code, Code::kNotFound) << nowhere.error().message;
    tree = {{"b", "", half}};                            // where it stands goes away
    auto fewer = co_await hv.SetPools(tree);
    EXPECT_OK(fewer);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    auto back = co_await hv.SetResources("1", "b", half);
    EXPECT_OK(back);
    auto stopped = co_await hv.Stop("1");
    EXPECT_OK(stopped);
    tree = {};
    auto none = co_await hv.SetPools(tree);
    EXPECT_OK(none);
}

// The guest boots through two overlays that say nothing yet.
rt::Co<void> RunsFromAChain(Lab& lab, Hypervisor& hv) {
    VmSpec spec = lab.Spec("1");
    lab.Overlay(spec.disks.back());
    lab.Overlay(spec.disks.back());
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    EXPECT_TRUE(co_await lab.Booted("1"));
}

const Row kRows[] = {
    {"StartsAndStops", StartsAndStops},
    {"RefusesToStartWhatRuns", RefusesToStartWhatRuns},
    {"KnowsNothingOfWhatDoesNotRun", KnowsNothingOfWhatDoesNotRun},
    {"ShowsItsScreen", ShowsItsScreen},
    {"ShowsItsSerialPortToSeveral", ShowsItsSerialPortToSeveral},
    {"TakesKeys", TakesKeys},
    {"RefusesProgramsWithoutAnAgent", RefusesProgramsWithoutAnAgent},
    {"PausesAndResumes", PausesAndResumes},
    {"ResetsTheGuest", ResetsTheGuest},
    {"SuspendsAndGoesOn", SuspendsAndGoesOn},
    {"RunsOnWhenASuspendFails", RunsOnWhenASuspendFails},
    {"RefusesAStateThatIsNone", RefusesAStateThatIsNone},
    {"AsksTheGuestToShutDown", AsksTheGuestToShutDown},
    {"TellsOfAKill", TellsOfAKill},
    {"StandsInPools", StandsInPools},
    {"LeavesNothingOfAFailedStart", LeavesNothingOfAFailedStart},
    {"StartsSeveralAtOnce", StartsSeveralAtOnce},
    {"ChangesMediaAndLinks", ChangesMediaAndLinks},
    {"GrowsADisk", GrowsADisk},
    {"CountsUse", CountsUse},
    {"RunsFromAChain", RunsFromAChain},
};

class HypervisorContract : public EveryRow {};
TEST_P(HypervisorContract, Holds) { RunRow(); }
INSTANTIATE_TEST_SUITE_P(, HypervisorContract, testing::Combine(testing::ValuesIn(kMachines), testing::ValuesIn(kRows)),
                         EveryRow::Name);

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
