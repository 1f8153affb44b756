// What an import would do and what stops it, from facts alone.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/import/copy.h"
#include "cli/import/plan.h"
#include "vim/gen/all.h"

namespace cli::import {
namespace {

vim::Ptr<vim::VirtualDevice> Scsi(vim::VirtualSCSISharing sharing = vim::VirtualSCSISharing::kNoSharing) {
    vim::ParaVirtualSCSIController out;
    out.key = 1000;
    out.bus_number = 0;
    out.shared_bus = sharing;
    return vim::Ptr<vim::VirtualDevice>(std::move(out));
}

vim::Ptr<vim::VirtualDevice> Disk(std::string mode = "persistent", std::string sharing = "") {
    vim::VirtualDisk out;
    out.key = 2000;
    out.controller_key = 1000;
    out.unit_number = 0;
    out.capacity_in_kb = 1024;
    vim::VirtualDiskFlatVer2BackingInfo backing;
    backing.file_name = "[store] web/web.vmdk";
    backing.disk_mode = std::move(mode);
    if (!sharing.empty()) backing.sharing = sharing;
    out.backing = vim::Ptr<vim::VirtualDeviceBackingInfo>(std::move(backing));
    return vim::Ptr<vim::VirtualDevice>(std::move(out));
}

vim::Ptr<vim::VirtualDevice> Nic(std::string network) {
    vim::VirtualVmxnet3 out;
    out.key = 4000;
    out.address_type = "generated";
    out.mac_address = "00:0c:29:01:02:03";
    vim::VirtualEthernetCardNetworkBackingInfo backing;
    backing.device_name = std::move(network);
    out.backing = vim::Ptr<vim::VirtualDeviceBackingInfo>(std::move(backing));
    return vim::Ptr<vim::VirtualDevice>(std::move(out));
}

SourceVm Web() {
    SourceVm vm;
    vm.name = "web";
    vm.power = "poweredOn";
    vm.connection = "connected";
    vm.tracking_supported = vm.tools_run = true;
    vim::VirtualMachineConfigInfo config;
    config.name = "web";
    config.version = "vmx-13";
    config.guest_id = "debian11_64Guest";
    config.uuid = "564d0000-0000-0000-0000-000000000001";
    vim::VirtualHardware hardware;
    hardware.num_cpu = 2;
    hardware.memory_mb = 512;
    hardware.device = {Scsi(), Disk(), Nic("VM Network")};
    config.hardware = vim::Ptr<vim::VirtualHardware>(std::move(hardware));
    for (auto [key, value] : {std::pair{"guestinfo.role", "web"}, std::pair{"sched.cpu.min", "0"}}) {
        vim::OptionValue line;
        line.key = key;
        line.value = vim::Any(value);
        config.extra_config.emplace_back(std::move(line));
    }
    vm.config = vim::Ptr<vim::VirtualMachineConfigInfo>(std::move(config));
    return vm;
}

Target OneHost() {
    Target out;
    out.datastores = {{{}, "small", 100ll << 20, true}, {{}, "big", 1ll << 40, true}, {{}, "gone", 1ll << 50, false}};
    out.networks = {"VM Network", "DMZ"};
    out.vm_names = {"other"};
    out.memory_bytes = 8ll << 30;
    return out;
}

std::string Words(const Plan& plan) {
    std::string out;
    for (const Finding& f : plan.findings) out += (f.stops ? "error: " : "warning: ") + f.what + "\n";
    return out;
}

TEST(ImportPlan, TakesAllOfAnOrdinaryMachine) {
    Plan plan = MakePlan(Web(), OneHost(), {});
    EXPECT_TRUE(plan.possible()) << Words(plan);
    EXPECT_TRUE(plan.warm);
    EXPECT_EQ(plan.datastore, "big");
    EXPECT_EQ(plan.bytes, 1 << 20);
    ASSERT_EQ(plan.spec->device_change.size(), 3u);
    auto* nic = plan.spec->device_change[2]->device.As<vim::VirtualEthernetCard>();
    ASSERT_TRUE(nic);
    EXPECT_EQ(nic->mac_address, "00:0c:29:01:02:03");
    EXPECT_EQ(nic->address_type, "manual");
    ASSERT_EQ(plan.spec->extra_config.size(), 1u);
    EXPECT_EQ(plan.spec->extra_config[0]->key, "guestinfo.role");
}

struct Row {
    const char* name;
    void (*change)(SourceVm& vm, Target& target, Options& options);
    const char* words;                   // of the finding; "" : none that stops
};
class ImportStop : public testing::TestWithParam<Row> {};

TEST_P(ImportStop, Says) {
    SourceVm vm = Web();
    Target target = OneHost();
    Options options;
    GetParam().change(vm, target, options);
    Plan plan = MakePlan(vm, target, options);
    std::string words = GetParam().words;
    EXPECT_EQ(plan.possible(), words.empty()) << Words(plan);
    EXPECT_NE(Words(plan).find(words), std::string::npos) << Words(plan);
}

auto& DeviceOf(SourceVm& vm, int index) { return vm.config.Mut().hardware.Mut().device[std::size_t(index)]; }

INSTANTIATE_TEST_SUITE_P(
    , ImportStop,
    testing::Values(
        Row{"snapshots", [](SourceVm& v, Target&, Options&) { v.has_snapshot = true; }, "delete them all"},
        Row{"suspended", [](SourceVm& v, Target&, Options&) { v.power = "suspended"; }, "suspended"},
        Row{"question", [](SourceVm& v, Target&, Options&) { v.question = true; }, "answer it first"},
        Row{"no_tracking", [](SourceVm& v, Target&, Options&) { v.tracking_supported = false; }, "--cold"},
        Row{"no_tracking_but_cold",
            [](SourceVm& v, Target&, Options& o) {
                v.tracking_supported = false;
                o.cold = true;
            },
            ""},
        Row{"independent", [](SourceVm& v, Target&, Options&) { DeviceOf(v, 1) = Disk("independent_persistent"); },
            "import with --cold"},
        Row{"shared_disk",
            [](SourceVm& v, Target&, Options&) { DeviceOf(v, 1) = Disk("persistent", "sharingMultiWriter"); },
            "shared by several"},
        Row{"shared_bus",
            [](SourceVm& v, Target&, Options&) { DeviceOf(v, 0) = Scsi(vim::VirtualSCSISharing::kPhysicalSharing); },
            "shares its bus"},
        Row{"network", [](SourceVm& v, Target&, Options&) { DeviceOf(v, 2) = Nic("Prod"); }, "--network \"Prod=NAME\""},
        Row{"network_mapped",
            [](SourceVm& v, Target&, Options& o) {
                DeviceOf(v, 2) = Nic("Prod");
                o.networks["Prod"] = "DMZ";
            },
            ""},
        Row{"datastore", [](SourceVm&, Target&, Options& o) { o.datastore = "none"; }, "no datastore \"none\""},
        Row{"unreachable", [](SourceVm&, Target&, Options& o) { o.datastore = "gone"; }, "cannot be reached"},
        Row{"no_room",
            [](SourceVm&, Target& t, Options& o) {
                t.datastores[0].free_bytes = 1000;
                o.datastore = "small";
            },
            "make room"},
        Row{"name", [](SourceVm&, Target& t, Options&) { t.vm_names.push_back("web"); }, "--name"},
        Row{"privileges",
            [](SourceVm& v, Target&, Options&) { v.missing_privileges = {"VirtualMachine.State.CreateSnapshot"}; },
            "VirtualMachine.State.CreateSnapshot"}),
    [](const auto& i) { return i.param.name; });

TEST(ImportAreas, NeighboursAreJoined) {
    std::vector<Area> joined = Joined({{300, 10}, {0, 100}, {100, 50}, {155, 5}, {400, 0}}, 5);
    EXPECT_EQ(joined, (std::vector<Area>{{0, 160}, {300, 10}}));
}

}  // namespace
}  // namespace cli::import
