// Which blocks of a disk changed, asked of both backends; and of the real one with a guest
// that writes all the time (tools/writer.py says how).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "codec/qcow2.h"
#include "test/contract/contract.h"

namespace contract {
namespace {

using namespace backend;
using base::Code;
using namespace std::chrono_literals;

constexpr int kDisk = 3000;
constexpr std::int64_t kBlock = 64 * 1024, kFirst = 1 << 20, kEnd = kFirst + 64 * kBlock;

// Boots from its disk, and writes to one of 64 places from 1 MiB on, 18 times a second.
std::string WriterDisk() {
    static constexpr std::string_view kCode =
        "fa31c08ed88ec08ed0bc007ce4a10c02e6a1ba0206b80001ef66c706007e00000000fbf466ff06007ebf0080b9800066a1007efc66f3ab"
        "66"
        "a1007e6683e03f66c1e00766050008000066a37b7cbe737cb280b80043cd13b02e7302b021baf803eeba0006edf6c40174b9ba0406b800"
        "20"
        "efebb010000100008000000000000000000000";
    std::string disk(8 << 20, '\0');
    for (std::size_t i = 0; i + 1 < kCode.size(); i += 2)
        disk[i / 2] = static_cast<char>(std::stoi(std::string(kCode.substr(i, 2)), nullptr, 16));
    disk[510] = '\x55';
    disk[511] = '\xaa';
    return disk;
}

VmSpec WriterSpec(Lab& lab) {
    VmSpec spec = lab.Spec("1");
    for (DiskSpec& disk : spec.disks)
        if (disk.key == kDisk) {
            std::ofstream(disk.path, std::ios::binary) << WriterDisk();
            disk.track = true;
        }
    return spec;
}

rt::Co<std::unique_ptr<Hypervisor>> OpenMachine(Lab& lab) {
    auto hv = lab.Make();
    lab.Listen(*hv);
    EXPECT_OK(co_await hv->Open());
    co_return hv;
}

// A guest whose disk is tracked and that writes to it.
rt::Co<std::unique_ptr<Hypervisor>> StartWriter(Lab& lab, VmSpec spec) {
    auto hv = co_await OpenMachine(lab);
    EXPECT_OK(co_await hv->Start(std::move(spec), {}, nullptr));
    EXPECT_TRUE(co_await lab.Booted("1"));
    co_return hv;
}

// Another hostd finds what this one leaves.
rt::Co<std::unique_ptr<Hypervisor>> ComeBack(Lab& lab, std::unique_ptr<Hypervisor> before) {
    before.reset();
    auto hv = co_await OpenMachine(lab);
    EXPECT_OK(co_await hv->Adopt());
    co_return hv;
}

rt::Co<DiskChanges> Read(Hypervisor& hv, ChangesOf which) {
    auto changes = co_await hv.ReadChanges("1", kDisk, which);
    EXPECT_OK(changes);
    co_return changes ? *changes : DiskChanges{};
}

void ExpectWithinPlaces(const DiskChanges& changes) {
    EXPECT_FALSE(changes.ranges.empty());
    for (const DiskRange& range : changes.ranges) {
        EXPECT_GE(range.offset, kFirst);
        EXPECT_LE(range.offset + range.length, kEnd);
        EXPECT_EQ(range.offset % kBlock, 0);
    }
}

rt::Co<void> BeginsAndEnds(Lab& lab) {
    auto hv = co_await OpenMachine(lab);
    VmSpec spec = lab.Spec("1");
    int key = spec.disks.back().key;
    auto none = co_await hv->TrackChanges("1", key);
    EXPECT_FALSE(none);
    EXPECT_OK(co_await hv->Start(spec, {}, nullptr));
    auto untracked = co_await hv->ReadChanges("1", key, ChangesOf::kAllLayers);
    EXPECT_FALSE(untracked);
    if (!untracked) EXPECT_EQ(untracked.error().code, Code::kNotFound);
    for (int twice = 0; twice < 2; ++twice) EXPECT_OK(co_await hv->TrackChanges("1", key));
    EXPECT_OK(co_await hv->Pause("1"));
    auto changes = co_await hv->ReadChanges("1", key, ChangesOf::kAllLayers);
    EXPECT_OK(changes);
    EXPECT_OK(co_await hv->ForgetChanges("1", key, ChangesOf::kAllLayers));
    EXPECT_OK(co_await hv->EndTracking("1", key));
    untracked = co_await hv->ReadChanges("1", key, ChangesOf::kAllLayers);
    EXPECT_FALSE(untracked);
    (void)co_await hv->Stop("1");
}

rt::Co<void> TellsWhatAGuestWrote(Lab& lab) {
    VmSpec spec = WriterSpec(lab);
    auto hv = co_await StartWriter(lab, spec);
    EXPECT_OK(co_await hv->Pause("1"));
    DiskChanges first = co_await Read(*hv, ChangesOf::kAllLayers);
    ExpectWithinPlaces(first);
    EXPECT_EQ(first.size, 8 << 20);
    EXPECT_OK(co_await hv->ForgetChanges("1", kDisk, ChangesOf::kAllLayers));
    DiskChanges none = co_await Read(*hv, ChangesOf::kAllLayers);
    EXPECT_TRUE(none.ranges.empty());
    EXPECT_OK(co_await hv->ForgetChanges("1", kDisk, ChangesOf::kAllLayers));

    // A snapshot parts what was written before it from what comes after.
    EXPECT_OK(co_await hv->Resume("1"));
    co_await rt::Sleep(400ms);
    DiskSpec& disk = spec.disks.back();
    std::string layer = lab.Overlay(disk);
    SnapshotPlan plan{.layers = {{kDisk, layer}}};
    auto taken = co_await hv->TakeSnapshot("1", std::move(plan), nullptr);
    EXPECT_OK(taken);
    ExpectWithinPlaces(co_await Read(*hv, ChangesOf::kFrozenLayers));
    EXPECT_OK(co_await hv->ForgetChanges("1", kDisk, ChangesOf::kFrozenLayers));
    DiskChanges frozen = co_await Read(*hv, ChangesOf::kFrozenLayers);
    EXPECT_TRUE(frozen.ranges.empty());

    // What was merged counts as written, and what is written after that is noted; also by another hostd.
    co_await rt::Sleep(400ms);
    LayerMerge merge{.disk = disk, .into = 0, .from = 1};
    EXPECT_OK(co_await hv->MergeLayers("1", merge, nullptr, nullptr));
    EXPECT_OK(co_await hv->Hold("1"));
    EXPECT_OK(co_await hv->EndMerge("1", merge));
    EXPECT_OK(co_await hv->Release("1"));
    hv = co_await ComeBack(lab, std::move(hv));
    EXPECT_OK(co_await hv->Pause("1"));
    ExpectWithinPlaces(co_await Read(*hv, ChangesOf::kAllLayers));
    (void)co_await hv->Stop("1");
}

rt::Co<void> KeepsAGuestThatIsOff(Lab& lab) {
    auto hv = co_await StartWriter(lab, WriterSpec(lab));
    EXPECT_OK(co_await hv->ShutdownGuest("1"));
    EXPECT_TRUE(co_await lab.Saw("1", EventKind::kGuestShutdown));
    hv = co_await ComeBack(lab, std::move(hv));          // nobody had the time to look
    EXPECT_TRUE(co_await lab.Saw("1", EventKind::kGuestShutdown));
    ExpectWithinPlaces(co_await Read(*hv, ChangesOf::kAllLayers));
    EXPECT_OK(co_await hv->Stop("1"));
    EXPECT_TRUE(co_await lab.Saw("1", EventKind::kStopped));
    EXPECT_EQ(lab.last_detail, "");
}

std::string Bytes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The blocks in which two disks are not the same, as changes are told.
std::string Differing(const std::string& before, const std::string& now) {
    std::string out;
    for (std::size_t at = 0; at < now.size(); at += kBlock)
        if (before.compare(at, kBlock, now, at, kBlock) != 0) out += base::Cat(' ', at / kBlock);
    return out;
}
std::string Told(const DiskChanges& changes) {
    std::string out;
    for (const DiskRange& range : changes.ranges)
        for (std::int64_t at = range.offset; at < range.offset + range.length; at += kBlock)
            out += base::Cat(' ', at / kBlock);
    return out;
}

// While its guest writes, and hostd is another one by the end. The guest is held then.
rt::Co<std::unique_ptr<Hypervisor>> MoveHeld(Lab& lab, std::unique_ptr<Hypervisor> hv, DiskMove move) {
    std::vector<DiskMove> moves{std::move(move)};
    co_await rt::Sleep(300ms);
    EXPECT_OK(co_await hv->MirrorDisks("1", moves, nullptr, nullptr));
    co_await rt::Sleep(300ms);
    hv = co_await ComeBack(lab, std::move(hv));
    EXPECT_OK(co_await hv->Hold("1"));
    EXPECT_OK(co_await hv->SwitchDisks("1", moves));
    co_return hv;
}

rt::Co<void> MovesWithTheDisk(Lab& lab) {
    VmSpec spec = WriterSpec(lab);
    auto hv = co_await StartWriter(lab, spec);
    EXPECT_OK(co_await hv->Hold("1"));
    (void)co_await Read(*hv, ChangesOf::kAllLayers);
    EXPECT_OK(co_await hv->ForgetChanges("1", kDisk, ChangesOf::kAllLayers));
    DiskSpec here = spec.disks.back(), there = here;
    std::string before = Bytes(here.path);
    EXPECT_OK(co_await hv->Release("1"));

    there.path = lab.Folder() + "/moved.raw";
    std::ofstream(there.path, std::ios::binary) << std::string(before.size(), '\0');
    hv = co_await MoveHeld(lab, std::move(hv), {here, there});
    std::string now = Bytes(there.path);
    EXPECT_EQ(Told(co_await Read(*hv, ChangesOf::kAllLayers)), Differing(before, now));
    EXPECT_NE(Differing(before, now), "");
    EXPECT_OK(co_await hv->ForgetChanges("1", kDisk, ChangesOf::kAllLayers));

    // What comes after it is noted, and parted by a snapshot; and that moves too.
    before = std::move(now);
    EXPECT_OK(co_await hv->Release("1"));
    co_await rt::Sleep(300ms);
    SnapshotPlan plan{.layers = {{kDisk, lab.Overlay(there)}}};
    auto taken = co_await hv->TakeSnapshot("1", std::move(plan), nullptr);
    EXPECT_OK(taken);
    now = Bytes(there.path);
    EXPECT_EQ(Told(co_await Read(*hv, ChangesOf::kFrozenLayers)), Differing(before, now));
    EXPECT_OK(co_await hv->ForgetChanges("1", kDisk, ChangesOf::kFrozenLayers));
    here.overlays.clear();
    here.path = lab.Folder() + "/again.raw";
    std::ofstream(here.path, std::ios::binary) << now;
    std::filesystem::create_directories(lab.Folder() + "/other");
    const std::string& layer = there.overlays.back();
    here.overlays = {lab.Folder() + "/other" + layer.substr(layer.rfind('/'))};
    std::ofstream(here.overlays.back(), std::ios::binary) << codec::NewQcow2(now.size(), "again.raw", "raw");
    hv = co_await MoveHeld(lab, std::move(hv), {there, here});
    ExpectWithinPlaces(co_await Read(*hv, ChangesOf::kAllLayers));
    (void)co_await hv->Stop("1");
}

TEST(Changes, BeginAndEndInAnImaginedMachine) { RunOn(MakeSimLab(), BeginsAndEnds); }
TEST(Changes, BeginAndEnd) { RunOn(MakeQemuLab(), BeginsAndEnds); }
TEST(Changes, AreWhatAGuestWrote) { RunOn(MakeQemuLab(), TellsWhatAGuestWrote); }
TEST(Changes, MoveWithTheDisk) { RunOn(MakeQemuLab(), MovesWithTheDisk); }
TEST(Changes, StayWhenAGuestPowersItselfOff) { RunOn(MakeQemuLab(), KeepsAGuestThatIsOff); }

}  // namespace
}  // namespace contract
