// What a VM runs on and how much of it: media, links, disks, and its part of the host; asked of
// every backend.
#include <gtest/gtest.h>

#include <fstream>

#include "test/contract/running.h"

namespace contract {
namespace {

using namespace backend;
using base::Code;

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

// The guest boots through two overlays that say nothing yet.
rt::Co<void> RunsFromAChain(Lab& lab, Hypervisor& hv) {
    VmSpec spec = lab.Spec("1");
    lab.Overlay(spec.disks.back());
    lab.Overlay(spec.disks.back());
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    EXPECT_TRUE(co_await lab.Booted("1"));
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

const Row kRows[] = {
    {"ChangesMediaAndLinks", ChangesMediaAndLinks},
    {"GrowsADisk", GrowsADisk},
    {"RunsFromAChain", RunsFromAChain},
    {"CountsUse", CountsUse},
    {"StandsInPools", StandsInPools},
};

class HardwareContract : public EveryRow {};
TEST_P(HardwareContract, Holds) { RunRow(); }
INSTANTIATE_TEST_SUITE_P(, HardwareContract, testing::Combine(testing::ValuesIn(kMachines), testing::ValuesIn(kRows)),
                         EveryRow::Name);

}  // namespace
}  // namespace contract
