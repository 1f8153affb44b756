// Hardware that comes and goes while a VM runs, asked of every backend; with QEMU, of real
// machines whose guest knows nothing of it.
#include <gtest/gtest.h>

#include <fstream>

#include "test/contract/contract.h"

namespace contract {
namespace {

using namespace backend;
using namespace std::chrono_literals;
using base::Code;

#define EXPECT_CODE(result, wanted)                                        \
    do {                                                                   \
        const auto& r_ = (result);                                         \
        EXPECT_FALSE(r_);                                                  \
        if (!r_) EXPECT_EQ(r_.error().code, wanted) << r_.error().message; \
    } while (0)

constexpr auto kPatience = 10s;

VmSpec Growing(Lab& lab) {
    VmSpec spec = lab.Spec("1");
    spec.hardware.controllers = {{Bus::kPvscsi, 0}};
    spec.hardware.max_cpus = 4;
    spec.hardware.max_memory_mb = 1024;
    return spec;
}

DiskSpec NewDisk(Lab& lab, int key, Bus bus, int bus_number, int unit) {
    DiskSpec disk{.key = key, .bus = bus, .bus_number = bus_number, .unit = unit};
    disk.path = lab.Folder() + "/extra-" + std::to_string(key);
    std::ofstream(disk.path, std::ios::binary) << std::string(256 * 1024, '\0');
    return disk;
}

rt::Co<void> TakesDisks(Lab& lab, Hypervisor& hv) {
    VmSpec spec = Growing(lab);
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    DiskSpec disk = NewDisk(lab, 2001, Bus::kPvscsi, 0, 1);
    disk.iops = 100;
    spec.disks.push_back(disk);
    Part part = disk;
    for (int again = 0; again < 2; ++again) {            // the second time on what the first left
        auto in = co_await hv.Plug(spec, part);
        EXPECT_OK(in);
        auto twice = co_await hv.Plug(spec, part);
        EXPECT_CODE(twice, Code::kExists);
        auto limited = co_await hv.SetIops("1", 2001, 50);
        EXPECT_OK(limited);
        auto out = co_await hv.Unplug("1", part, kPatience);
        EXPECT_OK(out);
        auto gone = co_await hv.Unplug("1", part, kPatience);
        EXPECT_CODE(gone, Code::kNotFound);
    }
    auto none = co_await hv.SetIops("1", 2001, 50);
    EXPECT_CODE(none, Code::kNotFound);
    Part on_ide = NewDisk(lab, 3001, Bus::kIde, 0, 1);
    auto refused = co_await hv.Plug(spec, on_ide);
    EXPECT_CODE(refused, Code::kInvalid);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
}

rt::Co<void> TakesControllers(Lab& lab, Hypervisor& hv) {
    VmSpec spec = Growing(lab);
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    int key = 2016;
    for (Bus bus : {Bus::kLsiLogic, Bus::kLsiSas, Bus::kPvscsi}) {
        ControllerSpec controller{bus, (key - 2000) / 16};
        spec.hardware.controllers.push_back(controller);
        Part part = controller;
        auto in = co_await hv.Plug(spec, part);
        EXPECT_OK(in);
        spec.disks.push_back(NewDisk(lab, key, bus, controller.number, 0));
        Part disk = spec.disks.back();
        auto hung = co_await hv.Plug(spec, disk);
        EXPECT_OK(hung);
        key += 16;
    }
    Part sata = ControllerSpec{Bus::kSata, 0};
    auto refused = co_await hv.Plug(spec, sata);
    EXPECT_CODE(refused, Code::kInvalid);
}

// This guest never looks at its slots: with QEMU nothing comes of the request.
rt::Co<void> TakesAdapters(Lab& lab, Hypervisor& hv) {
    VmSpec spec = Growing(lab);
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    EXPECT_TRUE(co_await lab.Booted("1"));
    int key = 4001;
    for (const char* model : {"e1000", "e1000e", "vmxnet3", "virtio-net-pci", "pcnet"}) {
        NicSpec nic{.key = key++, .model = model, .mac = "00:50:56:00:01:0" + std::to_string(key % 10)};
        spec.nics.push_back(nic);
        Part part = nic;
        auto in = co_await hv.Plug(spec, part);
        EXPECT_OK(in);
    }
    NicSpec first = spec.nics[1];
    first.network = "Other";
    auto moved = co_await hv.SetNetwork("1", first);
    EXPECT_OK(moved);
    first.key = 4009;
    auto none = co_await hv.SetNetwork("1", first);
    EXPECT_CODE(none, Code::kNotFound);
    Part part = spec.nics[1];
    auto out = co_await hv.Unplug("1", part, 300ms);
    if (lab.GuestLetsGo()) {
        EXPECT_OK(out);
    } else {
        EXPECT_CODE(out, Code::kBusy);
    }
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
}

rt::Co<void> Grows(Lab& lab, Hypervisor& hv) {
    VmSpec spec = Growing(lab);
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    for (int cpus : {2, 2, 4}) {
        auto more = co_await hv.AddCpus("1", cpus);
        EXPECT_OK(more);
    }
    auto too_many = co_await hv.AddCpus("1", 5);
    EXPECT_CODE(too_many, Code::kInvalid);
    Part module = DimmSpec{.slot = 0, .mb = 128};
    auto in = co_await hv.Plug(spec, module);
    EXPECT_OK(in);
    auto twice = co_await hv.Plug(spec, module);
    EXPECT_CODE(twice, Code::kExists);
    auto bound = co_await hv.SetAffinity("1", {0});
    EXPECT_OK(bound);
    auto free = co_await hv.SetAffinity("1", {});
    EXPECT_OK(free);
}

// A saved state finds the hardware that it was saved from, with whatever was plugged.
rt::Co<void> GoesOnWithWhatWasPlugged(Lab& lab, Hypervisor& hv) {
    VmSpec spec = Growing(lab);
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    EXPECT_TRUE(co_await lab.Booted("1"));
    spec.hardware.controllers.push_back({Bus::kLsiSas, 1});
    spec.disks.push_back(NewDisk(lab, 2001, Bus::kPvscsi, 0, 1));
    spec.disks.push_back(NewDisk(lab, 2016, Bus::kLsiSas, 1, 0));
    spec.nics.push_back({.key = 4001, .model = "e1000e", .mac = "00:50:56:00:01:01"});
    spec.hardware.dimms.push_back({.slot = 0, .mb = 128});
    std::vector<Part> parts = {spec.hardware.controllers[1], spec.disks[spec.disks.size() - 2], spec.disks.back(),
                               spec.nics.back(), spec.hardware.dimms[0]};
    for (const Part& part : parts) {
        auto in = co_await hv.Plug(spec, part);
        EXPECT_OK(in);
    }
    auto more = co_await hv.AddCpus("1", 2);
    EXPECT_OK(more);
    spec.cpus = 2;
    std::string state = lab.Folder() + "/1.vmss";
    auto suspended = co_await hv.Suspend("1", state, nullptr);
    EXPECT_OK(suspended);
    auto resumed = co_await hv.Start(spec, state, nullptr);
    EXPECT_OK(resumed);
    EXPECT_EQ(hv.StateOf("1"), RunState::kRunning);
    EXPECT_LE(lab.Boots("1"), 1);
    for (const Part& part : parts) {
        auto there = co_await hv.Plug(spec, part);
        EXPECT_CODE(there, Code::kExists);
    }
}

rt::Co<void> ChangesFloppies(Lab& lab, Hypervisor& hv) {
    VmSpec spec = Growing(lab);
    spec.disks.push_back({.key = 8000, .bus = Bus::kFloppy});
    auto started = co_await hv.Start(spec, {}, nullptr);
    EXPECT_OK(started);
    DiskSpec image = NewDisk(lab, 8001, Bus::kFloppy, 0, 1);
    for (const std::string& path : {image.path, image.path, std::string()}) {
        auto changed = co_await hv.ChangeMedium("1", 8000, path);
        EXPECT_OK(changed);
    }
}

rt::Co<void> KnowsNothingOfWhatDoesNotRun(Lab& lab, Hypervisor& hv) {
    Part nic = NicSpec{.key = 4001, .model = "e1000", .mac = "00:50:56:00:01:01"};
    std::vector<base::Result<>> answers;
    VmSpec spec = lab.Spec("1");
    answers.push_back(co_await hv.Plug(spec, nic));
    answers.push_back(co_await hv.Unplug("1", nic, kPatience));
    answers.push_back(co_await hv.AddCpus("1", 2));
    answers.push_back(co_await hv.SetIops("1", 2000, 10));
    answers.push_back(co_await hv.SetAffinity("1", {0}));
    answers.push_back(co_await hv.SetNetwork("1", NicSpec{.key = 4000}));
    for (auto& answer : answers) EXPECT_CODE(answer, Code::kNotFound);
}

const Row kRows[] = {
    {"TakesDisks", TakesDisks},
    {"TakesControllers", TakesControllers},
    {"TakesAdapters", TakesAdapters},
    {"Grows", Grows},
    {"GoesOnWithWhatWasPlugged", GoesOnWithWhatWasPlugged},
    {"ChangesFloppies", ChangesFloppies},
    {"KnowsNothingOfWhatDoesNotRun", KnowsNothingOfWhatDoesNotRun},
};
class PlugContract : public EveryRow {};
TEST_P(PlugContract, Holds) { RunRow(); }
INSTANTIATE_TEST_SUITE_P(, PlugContract, testing::Combine(testing::ValuesIn(kMachines), testing::ValuesIn(kRows)),
                         EveryRow::Name);

// What is in the drives and which links are down is known after a restart.
rt::Co<void> LeaveAndComeBack(Lab& lab) {
    auto before = lab.Make();
    auto opened = co_await before->Open();
    EXPECT_OK(opened);
    std::string iso = lab.Folder() + "/cd.iso";
    std::ofstream(iso) << std::string(64 * 1024, 'x');
    VmSpec spec = Growing(lab);
    auto started = co_await before->Start(spec, {}, nullptr);
    EXPECT_OK(started);
    auto in = co_await before->ChangeMedium("1", 3002, iso);
    EXPECT_OK(in);
    NicSpec nic{.key = 4001, .model = "e1000", .mac = "00:50:56:00:01:01", .connected = false};
    spec.nics.push_back(nic);
    Part part = nic;
    auto plugged = co_await before->Plug(spec, part);
    EXPECT_OK(plugged);
    auto up = co_await before->SetLink("1", 4000, true);
    EXPECT_OK(up);
    before.reset();

    auto after = lab.Make();
    opened = co_await after->Open();
    EXPECT_OK(opened);
    auto found = co_await after->Adopt();
    EXPECT_OK(found);
    if (!found || found->size() != 1) {
        ADD_FAILURE() << "it is not found again";
        co_return;
    }
    std::vector<int> media = found->front().media;
    EXPECT_NE(std::find(media.begin(), media.end(), 3002), media.end());
    EXPECT_EQ(found->front().down, std::vector<int>{4001});
    auto again = co_await after->Plug(spec, part);
    EXPECT_CODE(again, Code::kExists);
    (void)co_await after->Stop("1");
}

class PlugAdoptContract : public EveryMachine {};

TEST_P(PlugAdoptContract, RemembersMediaLinksAndWhatWasPlugged) { RunOn(GetParam().make(), LeaveAndComeBack); }

INSTANTIATE_TEST_SUITE_P(, PlugAdoptContract, testing::ValuesIn(kMachines), EveryMachine::Name);

}  // namespace
}  // namespace contract
