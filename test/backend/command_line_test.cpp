// VM description -> words for QEMU, against test/golden/qemu. BEDPLATE_GOLDEN=write
// renews the files; read the difference before you commit it.
#include "backend/qemu/command_line.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

#include "base/text.h"

namespace backend::qemu {
namespace {

VmSpec Small() {
    VmSpec s;
    s.id = "7";
    s.name = "web 1";
    s.uuid = "564d1111-2222-3333-4444-555566667777";
    s.log = "/vm/web/vmware.log";
    return s;
}

VmSpec Usual() {
    VmSpec s = Small();
    s.cpus = 4;
    s.cores_per_socket = 2;
    s.memory_mb = 2048;
    s.disks = {{.key = 2000, .bus = Bus::kPvscsi, .path = "/vm/web/web-flat.vmdk"},
               {.key = 3002, .bus = Bus::kIde, .bus_number = 1, .cdrom = true, .path = "/iso/debian.iso"}};
    s.nics = {{.key = 4000, .model = "vmxnet3", .mac = "00:50:56:00:00:01", .network = "VM Network"}};
    s.serial_log = "/vm/web/serial.log";
    return s;
}

VmSpec EveryController() {
    VmSpec s = Small();
    s.disks = {{.key = 3000, .bus = Bus::kIde, .path = "/vm/a"},
               {.key = 3001, .bus = Bus::kIde, .unit = 1, .cdrom = true},
               {.key = 2000, .bus = Bus::kLsiLogic, .path = "/vm/b"},
               {.key = 2016, .bus = Bus::kLsiSas, .bus_number = 1, .unit = 2, .path = "/vm/c", .read_only = true},
               {.key = 2032, .bus = Bus::kPvscsi, .bus_number = 2, .unit = 15, .path = "/vm/d"},
               {.key = 2033,
                .bus = Bus::kPvscsi,
                .bus_number = 2,
                .unit = 1,
                .cdrom = true,
                .path = "/iso/e",
                .connected = false},
               {.key = 17000, .bus = Bus::kVirtio, .path = "/vm/f"},
               {.key = 8000, .bus = Bus::kFloppy, .path = "/vm/g"}};
    return s;
}

VmSpec SharedDisks() {
    VmSpec s = Small();
    s.disks = {{.key = 2000, .bus = Bus::kPvscsi, .path = "/vm/a", .shared = true},
               {.key = 2001, .bus = Bus::kPvscsi, .unit = 1, .path = "/vm/b", .write_through = true},
               {.key = 2002,
                .bus = Bus::kPvscsi,
                .unit = 2,
                .path = "/vm/c",
                .overlays = {"/vm/web-scsi0-2.REDO"},
                .forgets = true}};
    return s;
}

VmSpec Modern() {
    VmSpec s = Small();
    s.efi = true;
    s.nvram = "/vm/web/web.nvram";
    s.disks = {{.key = 16000, .bus = Bus::kSata, .path = "/vm/a"},
               {.key = 31000, .bus = Bus::kNvme, .path = "/vm/b"},
               {.key = 31001, .bus = Bus::kNvme, .unit = 1, .path = "/vm/c"},
               {.key = 3000, .bus = Bus::kIde, .bus_number = 1, .cdrom = true},
               {.key = 8000, .bus = Bus::kFloppy}};
    s.boot.order = {"cdrom", "disk"};
    return s;
}

VmSpec DirectKernel() {
    VmSpec s = Small();
    s.kernel = "/guest/hello.vmlinuz";
    s.initrd = "/guest/hello.initrd";
    s.command_line = "console=ttyS0, quiet";
    s.nics = {{.key = 4000, .model = "e1000", .mac = "00:50:56:00:00:01"},
              {.key = 4009, .model = "virtio-net-pci", .mac = "00:50:56:00:00:02", .connected = false}};
    return s;
}

VmSpec Watched() {
    VmSpec s = Small();
    s.watchdog = "poweroff";
    return s;
}

// A disk with two snapshots beneath what is written, one that keeps its name, one that cannot
// be written.
VmSpec WithSnapshots() {
    VmSpec s = Small();
    s.disks = {{.key = 2000,
                .bus = Bus::kPvscsi,
                .path = "/vm/web/web-flat.vmdk",
                .overlays = {"/vm/web/web-000002-delta.vmdk", "/vm/web/web-000005-delta.vmdk"}},
               {.key = 2001,
                .bus = Bus::kPvscsi,
                .unit = 1,
                .path = "/vm/web/a-flat.vmdk",
                .overlays = {"/vm/web/odd.vmdk"},
                .read_only = true}};
    return s;
}

// What can be had besides, on the newer board.
VmSpec Secure() {
    VmSpec s = Small();
    s.efi = true;
    s.nvram = "/vm/web/web.nvram";
    s.boot = {.order = {"disk:2001", "ethernet:4001", "cdrom"}, .delay_ms = 3000, .secure = true, .protocol = "ipv6"};
    s.hardware.tpm = "/vm/web/web.tpm";
    s.hardware.xhci = s.hardware.ehci = true;
    s.disks = {{.key = 2000, .bus = Bus::kPvscsi, .path = "/vm/a"},
               {.key = 2001, .bus = Bus::kPvscsi, .unit = 1, .path = "/vm/b"},
               {.key = 3000, .bus = Bus::kIde, .cdrom = true}};
    s.nics = {{.key = 4000, .model = "vmxnet3", .mac = "00:50:56:00:00:01"},
              {.key = 4001, .model = "e1000e", .mac = "00:50:56:00:00:02"}};
    return s;
}

VmSpec Ports() {
    using Kind = PortSpec::Kind;
    VmSpec s = Small();
    s.hardware.ports = {
        {.key = 9000, .kind = Kind::kListen, .host = "127.0.0.1", .port = 2001, .telnet = true},
        {.key = 9001, .kind = Kind::kConnect, .host = "console.example", .port = 2002},
        {.key = 9002, .kind = Kind::kPipeServer, .where = "com3"},
        {.key = 9003, .kind = Kind::kPipeClient, .where = "com4"},
        {.key = 10000, .kind = Kind::kFile, .where = "/vm/web/printer.out"},
        {.key = 10001},
    };
    return s;
}

// Ready to grow, and grown.
VmSpec Growing() {
    VmSpec s = Small();
    s.cpus = 2;
    s.cores_per_socket = 2;
    s.hardware.max_cpus = 8;
    s.memory_mb = 512;
    s.hardware.max_memory_mb = 8192;
    s.hardware.dimms = {{.slot = 0, .mb = 256}, {.slot = 1, .mb = 1024}};
    s.hardware.controllers = {{Bus::kPvscsi, 0}, {Bus::kVirtio, 1}, {Bus::kSata, 0}};
    s.hardware.video_mb = 40;
    s.hardware.low_latency = s.hardware.lock_memory = true;
    s.boot.retry_ms = 10000;
    s.boot.setup_once = true;
    return s;
}

VmSpec OddName() {
    VmSpec s = Small();
    s.name = "a,b=c\n-monitor stdio";
    return s;
}

struct Row {
    const char* name;
    VmSpec (*spec)();
    Engine engine;
    const char* state;
};

std::string Show(const CommandLine& line) {
    std::string out;
    for (std::size_t i = 0; i < line.argv.size(); ++i) {
        bool option = i > 0 && line.argv[i].starts_with('-');
        out += base::Cat(i == 0 ? "" : option ? "\n" : " ", line.argv[i]);
    }
    out += "\n";
    static constexpr const char* kUses[] = {"read",        "read and write", "append",      "open again", "listen",
                                            "listen here", "pipe server",    "pipe client", "TPM"};
    for (const PassedFile& f : line.files)
        out +=
            base::Cat("# ", f.as, ": ", f.path, " (", kUses[static_cast<int>(f.use)], f.direct ? ", direct)\n" : ")\n");
    return out;
}

class CommandLineGolden : public testing::TestWithParam<Row> {};

TEST_P(CommandLineGolden, IsAsTheFileSays) {
    auto line = MakeCommandLine(GetParam().spec(), GetParam().engine, GetParam().state);
    ASSERT_TRUE(line) << line.error().message;
    std::string path = base::Cat(BEDPLATE_SOURCE_DIR, "/test/golden/qemu/", GetParam().name, ".args");
    std::string got = Show(*line);
    const char* mode = getenv("BEDPLATE_GOLDEN");
    if (mode && std::string_view(mode) == "write") std::ofstream(path) << got;
    std::ifstream in(path);
    std::stringstream wanted;
    wanted << in.rdbuf();
    EXPECT_EQ(got, wanted.str()) << path << "; BEDPLATE_GOLDEN=write renews it";
}

INSTANTIATE_TEST_SUITE_P(
    , CommandLineGolden,
    testing::Values(Row{"small", Small, {}, ""}, Row{"secure", Secure, {}, ""}, Row{"ports", Ports, {}, ""},
                    Row{"growing", Growing, {}, ""}, Row{"growing_kvm", Growing, {.accelerator = "kvm"}, ""},
                    Row{"usual", Usual, {.direct = {2000}}, ""}, Row{"usual_kvm", Usual, {.accelerator = "kvm"}, ""},
                    Row{"resumed", Usual, {}, "/vm/web/web.vmss"}, Row{"every_controller", EveryController, {}, ""},
                    Row{"modern", Modern, {}, ""}, Row{"direct_kernel", DirectKernel, {}, ""},
                    Row{"odd_name", OddName, {}, ""}, Row{"watched", Watched, {}, ""},
                    Row{"snapshots", WithSnapshots, {.direct = {2000}}, ""}, Row{"shared_disks", SharedDisks, {}, ""}),
    [](const auto& i) { return i.param.name; });

// A part that is plugged reads as it does at a start, in QMP's own form.
TEST(PartWords, AreThoseOfAStart) {
    VmSpec spec = Usual();
    Part disk = spec.disks[0], nic = spec.nics[0];
    auto whole = MakeCommandLine(spec, {}, "");
    ASSERT_TRUE(whole);
    std::string all = Show(*whole);
    for (const Part& part : {disk, nic}) {
        auto words = MakePart(spec, {}, part);
        ASSERT_TRUE(words) << words.error().message;
        for (std::size_t i = 0; i < words->argv.size(); i += 2) {
            if (words->argv[i] != "-device" && words->argv[i] != "-netdev" && words->argv[i] != "-blockdev") continue;
            EXPECT_NE(all.find(words->argv[i + 1]), std::string::npos) << words->argv[i + 1];
        }
    }
    EXPECT_EQ(AsJson("scsi-hd,id=dev-2001,bus=scsi0.0,scsi-id=1,bootindex=102", "driver"),
              R"({"driver":"scsi-hd","id":"dev-2001","bus":"scsi0.0","scsi-id":1,"bootindex":102})");
}

TEST(PartWords, OfABusThatTakesNothingAreRefused) {
    VmSpec spec = Usual();
    for (Bus bus : {Bus::kIde, Bus::kSata, Bus::kNvme}) {
        Part disk = DiskSpec{.key = 1, .bus = bus, .path = "/x"};
        auto words = MakePart(spec, {}, disk);
        ASSERT_FALSE(words);
        EXPECT_NE(words.error().message.find("powered off"), std::string::npos) << words.error().message;
    }
}

struct Refused {
    const char* name;
    void (*spoil)(VmSpec&);
    const char* words;
};
class CommandLineRefuses : public testing::TestWithParam<Refused> {};

TEST_P(CommandLineRefuses, WithWordsThatSayWhat) {
    VmSpec spec = Usual();
    GetParam().spoil(spec);
    auto line = MakeCommandLine(spec, {}, "");
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, base::Code::kInvalid);
    EXPECT_NE(line.error().message.find(GetParam().words), std::string::npos) << line.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    , CommandLineRefuses,
    testing::Values(Refused{"odd_cores", [](VmSpec& s) { s.cores_per_socket = 3; }, "4 processors do not divide"},
                    Refused{"no_memory", [](VmSpec& s) { s.memory_mb = 0; }, "memory"},
                    Refused{"efi_without_nvram", [](VmSpec& s) { s.efi = true; }, "nvram"},
                    Refused{"secure_bios", [](VmSpec& s) { s.hardware.tpm = "/x"; }, "a TPM needs EFI"},
                    Refused{"odd_most", [](VmSpec& s) { s.hardware.max_cpus = 5; }, "at most 5"},
                    Refused{"port_twice", [](VmSpec& s) { s.hardware.ports = {{.key = 9000}}; }, "another port"},
                    Refused{"buslogic", [](VmSpec& s) { s.disks[0].bus = Bus::kBusLogic; }, "no BusLogic"},
                    Refused{"disk_without_file", [](VmSpec& s) { s.disks[0].path = ""; }, "disk 2000: it has no file"},
                    Refused{"same_unit_twice", [](VmSpec& s) { s.disks.push_back(s.disks[0]); }, "is taken"},
                    Refused{"two_kinds_one_number",
                            [](VmSpec& s) {
                                s.disks.push_back({.key = 2001, .bus = Bus::kLsiLogic, .unit = 1, .path = "/b"});
                            },
                            "of another kind"},
                    Refused{"unit_out_of_range", [](VmSpec& s) { s.disks[1].unit = 2; }, "unit 2 is not one of 0 to 1"},
                    Refused{"no_such_controller", [](VmSpec& s) { s.disks[0].bus_number = 4; }, "no controller scsi4"},
                    Refused{"negative_unit", [](VmSpec& s) { s.disks[0].unit = -1; }, "unit -1"},
                    Refused{"nic_model", [](VmSpec& s) { s.nics[0].model = "e1000,netdev=x"; }, "no model"},
                    Refused{"nic_mac", [](VmSpec& s) { s.nics[0].mac = "00:50:56:00:00:01,x"; }, "no MAC"},
                    Refused{"watchdog", [](VmSpec& s) { s.watchdog = "bark"; }, "cannot \"bark\""},
                    Refused{"nic_key", [](VmSpec& s) { s.nics[0].key = 4010; }, "keys 4000 to 4009"}),
    [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace backend::qemu
