// The files under a VM that runs become others. (Of its disks test/system/move_test.py tells more.)
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/contract/contract.h"

namespace contract {
namespace {

using namespace backend;
using namespace std::chrono_literals;

std::string Bytes(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Firmware writes its variables at each start, so it takes a while and comes to an end.
rt::Co<bool> Written(std::string file, std::string before) {
    for (int i = 0; i < 600; ++i, co_await rt::Sleep(50ms))
        if (Bytes(file) != before) co_return true;
    co_return false;
}

rt::Co<void> MovesVariables(Lab& lab) {
    auto hv = lab.Make();
    lab.Listen(*hv);
    EXPECT_OK(co_await hv->Open());
    VmSpec spec = lab.Spec("1");
    spec.memory_mb = 128;                // firmware needs some
    spec.efi = true;
    spec.nvram = lab.Folder() + "/here.nvram";
    std::string there = lab.Folder() + "/there.nvram";
    EXPECT_OK(co_await hv->Start(spec, {}, nullptr));
    std::string fresh = Bytes(spec.nvram);
    EXPECT_FALSE(fresh.empty());

    // The firmware is at it, or was.
    std::ofstream(there, std::ios::binary) << std::string(fresh.size(), '\0');
    DiskSpec from{.key = kVariablesKey, .path = spec.nvram}, to{.key = kVariablesKey, .path = there};
    std::vector<DiskMove> moves{{from, to}};
    EXPECT_OK(co_await hv->MirrorDisks("1", moves, nullptr, nullptr));
    EXPECT_TRUE(co_await Written(spec.nvram, fresh));
    auto switched = co_await hv->AnySwitched("1", moves);
    EXPECT_TRUE(switched && !*switched);
    EXPECT_OK(co_await hv->Hold("1"));
    EXPECT_OK(co_await hv->SwitchDisks("1", moves));
    std::string before = Bytes(spec.nvram);
    EXPECT_EQ(Bytes(there) == before, true);
    switched = co_await hv->AnySwitched("1", moves);
    EXPECT_TRUE(switched && *switched);
    EXPECT_OK(co_await hv->Release("1"));

    std::filesystem::remove(spec.nvram);
    EXPECT_OK(co_await hv->Reset("1"));
    EXPECT_TRUE(co_await Written(there, before));
    EXPECT_OK(co_await hv->Stop("1"));
    spec.nvram = there;
    EXPECT_OK(co_await hv->Start(spec, {}, nullptr));    // it is a store that the firmware knows
    (void)co_await hv->Stop("1");
}

TEST(Moves, TakeTheVariablesOfFirmwareAlong) { RunOn(MakeQemuLab(), MovesVariables); }

}  // namespace
}  // namespace contract
