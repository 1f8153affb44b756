// QEMU takes every device that the command line can ask for, under each board.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "backend/qemu/launch.h"
#include "backend/qemu/machine.h"
#include "base/text.h"
#include "rt/loop.h"

namespace contract {
namespace {

namespace fs = std::filesystem;
using namespace backend;

struct Row {
    const char* name;
    std::vector<DiskSpec> disks;
    bool efi;
    void (*more)(VmSpec&, const std::string& folder) = [](VmSpec&, const std::string&) {};
};

class EveryDevice : public testing::TestWithParam<Row> {
protected:
    EveryDevice() {
        std::string name = (fs::temp_directory_path() / "bedplate-devices-XXXXXX").string();
        if (mkdtemp(name.data())) folder = name;
    }
    ~EveryDevice() override { fs::remove_all(folder); }

    VmSpec Spec() {
        VmSpec spec;
        spec.id = "1";
        spec.name = "devices";
        spec.memory_mb = 64;
        spec.cpus = 2;
        spec.efi = GetParam().efi;
        if (spec.efi) spec.nvram = folder + "/nvram";
        spec.disks = GetParam().disks;
        for (DiskSpec& disk : spec.disks) {
            if (disk.cdrom) continue;
            disk.path = base::Cat(folder, '/', disk.key);
            std::ofstream(disk.path, std::ios::binary) << std::string(1440 * 1024, '\0');
        }
        int key = 4000;
        for (const char* model : {"e1000", "e1000e", "vmxnet3", "virtio-net-pci", "pcnet"})
            spec.nics.push_back({.key = key++, .model = model, .mac = base::Cat("00:50:56:00:00:0", key - 4000)});
        GetParam().more(spec, folder);
        return spec;
    }

    std::string folder;
    rt::Pool pool{1};
};

rt::Co<void> StartAndStop(rt::Pool& pool, std::string run, VmSpec spec) {
    qemu::Machine machine(pool, {.run = std::move(run), .accelerator = "tcg"});
    auto opened = co_await machine.Open();
    EXPECT_TRUE(opened) << opened.error().message;
    auto started = co_await machine.Start(spec, {}, nullptr);
    EXPECT_TRUE(started) << started.error().message;
    if (started) (void)co_await machine.Stop("1");
}

TEST_P(EveryDevice, IsTakenByQemu) { rt::RunToEnd(StartAndStop(pool, folder + "/run", Spec())); }

INSTANTIATE_TEST_SUITE_P(
    , EveryDevice,
    testing::Values(
        Row{"older_board",
            {{.key = 3000, .bus = Bus::kIde},
             {.key = 3001, .bus = Bus::kIde, .unit = 1, .cdrom = true},
             {.key = 2000, .bus = Bus::kLsiLogic},
             {.key = 2016, .bus = Bus::kLsiSas, .bus_number = 1, .unit = 2},
             {.key = 2032, .bus = Bus::kPvscsi, .bus_number = 2, .unit = 15},
             {.key = 2033, .bus = Bus::kPvscsi, .bus_number = 2, .unit = 1, .cdrom = true},
             {.key = 17000, .bus = Bus::kVirtio, .unit = 3, .read_only = true},
             {.key = 8000, .bus = Bus::kFloppy}},
            false},
        Row{"sata_and_nvme",
            {{.key = 16000, .bus = Bus::kSata},
             {.key = 16001, .bus = Bus::kSata, .bus_number = 1, .unit = 5, .cdrom = true},
             {.key = 31000, .bus = Bus::kNvme},
             {.key = 31001, .bus = Bus::kNvme, .unit = 1},
             {.key = 3000, .bus = Bus::kIde, .bus_number = 1, .cdrom = true},
             {.key = 8000, .bus = Bus::kFloppy}},
            false},
        Row{"efi", {{.key = 2000, .bus = Bus::kLsiLogic}, {.key = 16000, .bus = Bus::kSata, .cdrom = true}}, true},
        Row{"secure_boot_with_a_tpm",
            {{.key = 2000, .bus = Bus::kPvscsi}, {.key = 31000, .bus = Bus::kNvme}},
            true,
            [](VmSpec& s, const std::string& folder) {
                s.boot.secure = s.boot.setup_once = true;
                s.hardware.tpm = folder + "/tpm";
                s.hardware.xhci = s.hardware.ehci = true;
            }},
        Row{"ports_usb_and_vmware_video",
            {},
            false,
            [](VmSpec& s, const std::string& folder) {
                using Kind = PortSpec::Kind;
                s.hardware.ports = {
                    {.key = 9000, .kind = Kind::kListen, .host = "127.0.0.1", .telnet = true},
                    {.key = 9001, .kind = Kind::kConnect, .host = "127.0.0.1", .port = 9},
                    {.key = 9002, .kind = Kind::kPipeServer, .where = "one"},
                    {.key = 9003, .kind = Kind::kPipeClient, .where = "one"},
                    {.key = 10000, .kind = Kind::kFile, .where = folder + "/printed"},
                    {.key = 10001},
                };
                s.hardware.xhci = s.hardware.ehci = true;
                s.hardware.video = "vmware";
                s.hardware.video_mb = 64;
                s.hardware.affinity = {0};
                s.boot = {.delay_ms = 10, .retry_ms = 10};
            }}),
    [](const auto& i) { return i.param.name; });

// Processes that have this file open as a TPM has its state.
int TpmsOf(const std::string& file) {
    int found = 0;
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored))
        found += fs::read_symlink(process.path() / "fd/4", ignored) == file;
    return found;
}

rt::Co<void> FailAndStart(rt::Pool& pool, std::string folder) {
    qemu::Machine machine(pool, {.run = folder + "/run", .accelerator = "tcg"});
    auto opened = co_await machine.Open();
    EXPECT_TRUE(opened) << opened.error().message;
    VmSpec spec;
    spec.id = "1";
    spec.name = "tpm";
    spec.memory_mb = 64;
    spec.efi = true;
    spec.nvram = folder + "/nvram";
    spec.hardware.tpm = folder + "/tpm";
    VmSpec broken = spec;
    broken.disks.push_back({.key = 2000, .path = folder + "/missing"});
    auto failed = co_await machine.Start(broken, {}, nullptr);
    EXPECT_FALSE(failed);
    EXPECT_EQ(TpmsOf(spec.hardware.tpm), 0);
    auto started = co_await machine.Start(spec, {}, nullptr);
    EXPECT_TRUE(started) << started.error().message;
    EXPECT_EQ(TpmsOf(spec.hardware.tpm), 1);
    (void)co_await machine.Stop("1");
    for (int i = 0; i < 500 && TpmsOf(spec.hardware.tpm); ++i) co_await rt::Sleep(std::chrono::milliseconds(10));
    EXPECT_EQ(TpmsOf(spec.hardware.tpm), 0);
}

// A line of /proc/PID/status, of each thread of the process that has this file open.
std::set<std::string> StatusOf(const std::string& file, const std::string& key) {
    std::set<std::string> out;
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        bool has = false;
        for (const auto& fd : fs::directory_iterator(process.path() / "fd", ignored))
            has |= fs::read_symlink(fd.path(), ignored) == file;
        if (!has || process.path().filename() == std::to_string(getpid())) continue;
        for (const auto& task : fs::directory_iterator(process.path() / "task", ignored)) {
            std::ifstream status(task.path() / "status");
            for (std::string line; std::getline(status, line);)
                if (line.starts_with(key + ":")) out.insert(line.substr(line.find_first_not_of(" \t", key.size() + 1)));
        }
    }
    return out;
}

rt::Co<void> StartWhereItBelongs(rt::Pool& pool, std::string folder) {
    qemu::Machine machine(pool, {.run = folder + "/run", .accelerator = "tcg"});
    auto opened = co_await machine.Open();
    EXPECT_TRUE(opened) << opened.error().message;
    VmSpec spec;
    spec.id = "1";
    spec.name = "bound";
    spec.cpus = 2;
    spec.memory_mb = 64;
    spec.serial_log = folder + "/serial";
    spec.log = folder + "/log";
    spec.hardware.affinity = {0};
    spec.hardware.low_latency = spec.hardware.lock_memory = true;
    auto started = co_await machine.Start(spec, {}, nullptr);
    EXPECT_TRUE(started) << started.error().message;
    EXPECT_EQ(StatusOf(spec.log, "Cpus_allowed_list"), std::set<std::string>{"0"});
    auto locked = StatusOf(spec.log, "VmLck");
    EXPECT_FALSE(locked.empty());
    if (qemu::MayLock() && !locked.empty()) EXPECT_GE(std::stoi(*locked.begin()), 64 << 10) << *locked.begin();
    auto freed = co_await machine.SetAffinity("1", {});
    EXPECT_TRUE(freed) << freed.error().message;
    EXPECT_NE(StatusOf(spec.log, "Cpus_allowed_list"), std::set<std::string>{"0"});
    (void)co_await machine.Stop("1");
}

TEST(Scheduling, BindsEveryThreadAndLocksMemory) {
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "one processor";
    std::string folder = (fs::temp_directory_path() / "bedplate-bound-XXXXXX").string();
    ASSERT_TRUE(mkdtemp(folder.data()));
    rt::Pool pool{1};
    rt::RunToEnd(StartWhereItBelongs(pool, folder));
    fs::remove_all(folder);
}

TEST(Tpm, EndsWithItsVirtualMachine) {
    std::string folder = (fs::temp_directory_path() / "bedplate-tpm-XXXXXX").string();
    ASSERT_TRUE(mkdtemp(folder.data()));
    rt::Pool pool{1};
    rt::RunToEnd(FailAndStart(pool, folder));
    fs::remove_all(folder);
}

}  // namespace
}  // namespace contract
