// Snapshots and merges of layers, asked of every backend.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/contract/contract.h"

namespace contract {
namespace {

using namespace backend;
using base::Code;

constexpr int kDisk = 3000;

rt::Co<bool> Start(Lab& lab, Hypervisor& hv, VmSpec spec, std::string state) {
    auto started = co_await hv.Start(std::move(spec), std::move(state), nullptr);
    EXPECT_OK(started);
    co_return bool(started) && co_await lab.Booted("1");
}

// A new layer over the disk of `spec`, taken while the guest runs.
rt::Co<void> Take(Lab& lab, Hypervisor& hv, VmSpec& spec, std::string memory) {
    std::string layer = lab.Overlay(spec.disks.back());
    SnapshotPlan plan{.layers = {{kDisk, layer}}, .memory = std::move(memory)};
    auto taken = co_await hv.TakeSnapshot("1", std::move(plan), nullptr);
    EXPECT_OK(taken);
    auto writes = co_await hv.Writes("1", kDisk, layer);
    EXPECT_OK(writes);
    EXPECT_TRUE(writes && *writes);
}

rt::Co<void> Merge(Hypervisor& hv, LayerMerge merge) {
    auto merged = co_await hv.MergeLayers("1", merge, nullptr, nullptr);
    EXPECT_OK(merged);
    auto held = co_await hv.Hold("1");
    EXPECT_OK(held);
    auto ended = co_await hv.EndMerge("1", merge);
    EXPECT_OK(ended);
    auto released = co_await hv.Release("1");
    EXPECT_OK(released);
}

rt::Co<void> TakesAndMerges(Lab& lab, Hypervisor& hv) {
    VmSpec spec = lab.Spec("1");
    EXPECT_TRUE(co_await Start(lab, hv, spec, {}));
    DiskSpec& disk = spec.disks.back();
    for (int i = 0; i < 3; ++i) co_await Take(lab, hv, spec, {});
    LayerMerge middle{.disk = disk, .into = 1, .from = 2};
    co_await Merge(hv, middle);
    auto again = co_await hv.MergeLayers("1", middle, nullptr, nullptr);      // it is done; a new hostd may ask
    EXPECT_OK(again);
    disk.overlays.erase(disk.overlays.begin() + 1);
    LayerMerge all{.disk = disk, .into = 0, .from = 2};
    EXPECT_TRUE(all.Active());
    co_await Merge(hv, all);
    auto writes = co_await hv.Writes("1", kDisk, disk.overlays.back());
    EXPECT_TRUE(writes && !*writes);
    disk.overlays.clear();
    co_await Take(lab, hv, spec, {});
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    for (const Event& e : lab.events) EXPECT_NE(e.kind, EventKind::kPaused) << "a hold is nobody's business";
}

rt::Co<void> GoesOnFromMemory(Lab& lab, Hypervisor& hv) {
    VmSpec spec = lab.Spec("1");
    VmSpec then = spec;
    EXPECT_TRUE(co_await Start(lab, hv, spec, {}));
    std::string memory = lab.Folder() + "/1.vmem";
    co_await Take(lab, hv, spec, memory);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    EXPECT_TRUE(std::filesystem::exists(memory));
    auto stopped = co_await hv.Stop("1");
    EXPECT_OK(stopped);
    (void)lab.Overlay(then.disks.back());
    for (int twice = 0; twice < 2; ++twice) {
        EXPECT_TRUE(co_await Start(lab, hv, then, memory));
        EXPECT_LE(lab.Boots("1"), 1);                        // it went on; it did not begin anew
        stopped = co_await hv.Stop("1");
        EXPECT_OK(stopped);
    }
}

rt::Co<void> LeavesAllWhenItFails(Lab& lab, Hypervisor& hv) {
    VmSpec spec = lab.Spec("1");
    EXPECT_TRUE(co_await Start(lab, hv, spec, {}));
    std::string layer = lab.Overlay(spec.disks.back());
    std::string memory = lab.Folder() + "/no/such/folder/1.vmem";
    SnapshotPlan nowhere{.layers = {{kDisk, layer}}, .memory = memory};
    auto taken = co_await hv.TakeSnapshot("1", std::move(nowhere), nullptr);
    EXPECT_FALSE(taken);
    SnapshotPlan no_disk{.layers = {{kDisk, layer}, {2099, layer}}};
    taken = co_await hv.TakeSnapshot("1", std::move(no_disk), nullptr);
    EXPECT_FALSE(taken);
    if (!taken) EXPECT_EQ(taken.error().code, Code::kNotFound) << taken.error().message;
    auto writes = co_await hv.Writes("1", kDisk, layer);
    EXPECT_TRUE(writes && !*writes);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    SnapshotPlan good{.layers = {{kDisk, layer}}};
    taken = co_await hv.TakeSnapshot("1", std::move(good), nullptr);
    EXPECT_OK(taken);
}

rt::Co<void> CopiesVariables(Lab& lab, Hypervisor& hv) {
    EXPECT_TRUE(co_await Start(lab, hv, lab.Spec("1"), {}));
    std::string from = lab.Folder() + "/1.nvram", to = lab.Folder() + "/1-Snapshot1.nvram";
    std::ofstream(from) << "variables";
    SnapshotPlan no_disk{.layers = {{2099, to}}, .variables = from, .variables_copy = to};
    auto taken = co_await hv.TakeSnapshot("1", std::move(no_disk), nullptr);
    EXPECT_FALSE(taken);
    EXPECT_FALSE(std::filesystem::exists(to));
    for (const std::string& memory : {std::string(), lab.Folder() + "/1.vmem"}) {
        SnapshotPlan plan{.memory = memory, .quiesce = memory.empty(), .variables = from, .variables_copy = to};
        taken = co_await hv.TakeSnapshot("1", std::move(plan), nullptr);
        EXPECT_OK(taken);
        std::ifstream in(to);
        EXPECT_EQ(std::string((std::istreambuf_iterator<char>(in)), {}), "variables");
        std::filesystem::remove(to);
        EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    }
    for (const Event& e : lab.events) EXPECT_NE(e.kind, EventKind::kPaused) << "a hold is nobody's business";
}

rt::Co<void> RefusesWhatDoesNotRun(Lab&, Hypervisor& hv) {
    auto taken = co_await hv.TakeSnapshot("1", {}, nullptr);
    EXPECT_FALSE(taken);
    auto merged = co_await hv.MergeLayers("1", {}, nullptr, nullptr);
    EXPECT_FALSE(merged);
    if (!taken) EXPECT_EQ(taken.error().code, Code::kNotFound);
    if (!merged) EXPECT_EQ(merged.error().code, Code::kNotFound);
}

const Row kRows[] = {{"TakesAndMerges", TakesAndMerges},
                     {"GoesOnFromMemory", GoesOnFromMemory},
                     {"LeavesAllWhenItFails", LeavesAllWhenItFails},
                     {"CopiesVariables", CopiesVariables},
                     {"RefusesWhatDoesNotRun", RefusesWhatDoesNotRun}};
class SnapshotContract : public EveryRow {};
TEST_P(SnapshotContract, Holds) { RunRow(); }
INSTANTIATE_TEST_SUITE_P(, SnapshotContract, testing::Combine(testing::ValuesIn(kMachines), testing::ValuesIn(kRows)),
                         EveryRow::Name);

// A hostd that dies holds its guest, and another finds it so.
rt::Co<void> DiesWhileItHolds(Lab& lab) {
    auto before = lab.Make();
    lab.Listen(*before);
    auto opened = co_await before->Open();
    EXPECT_OK(opened);
    EXPECT_TRUE(co_await Start(lab, *before, lab.Spec("1"), {}));
    auto held = co_await before->Hold("1");
    EXPECT_OK(held);
    before.reset();
    auto after = lab.Make();
    lab.Listen(*after);
    opened = co_await after->Open();
    EXPECT_OK(opened);
    auto found = co_await after->Adopt();
    EXPECT_OK(found);
    EXPECT_EQ(after->StateOf("1"), RunState::kPaused);
    auto released = co_await after->Release("1");
    EXPECT_OK(released);
    EXPECT_EQ(after->StateOf("1"), RunState::kRunning);
    (void)co_await after->Stop("1");
}

class HoldContract : public EveryMachine {};
TEST_P(HoldContract, OutlivesHostd) { RunOn(GetParam().make(), DiesWhileItHolds); }
INSTANTIATE_TEST_SUITE_P(, HoldContract, testing::ValuesIn(kMachines), EveryMachine::Name);

}  // namespace
}  // namespace contract
