// QEMU takes every device that the command line can ask for, under each board.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

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
    testing::Values(Row{"older_board",
                        {{.key = 3000, .bus = Bus::kIde},
                         {.key = 3001, .bus = Bus::kIde, .unit = 1, .cdrom = true},
                         {.key = 2000, .bus = Bus::kLsiLogic},
                         {.key = 2016, .bus = Bus::kLsiSas, .bus_number = 1, .unit = 2},
                         {.key = 2032, .bus = Bus::kPvscsi, .bus_number = 2, .unit = 15},
                         {.key = 2033, .bus = Bus::kPvscsi, .bus_number = 2, .unit = 1, .cdrom = true},
                         {.key = 17000, .bus = Bus::kVirtio, .unit = 3, .read_only = true},
                         {.key = 8000, .bus = Bus::kFloppy}},
                        false},
                    Row{"newer_board",
                        {{.key = 16000, .bus = Bus::kSata},
                         {.key = 16001, .bus = Bus::kSata, .bus_number = 1, .unit = 5, .cdrom = true},
                         {.key = 31000, .bus = Bus::kNvme},
                         {.key = 31001, .bus = Bus::kNvme, .unit = 1},
                         {.key = 3000, .bus = Bus::kIde, .bus_number = 1, .cdrom = true},
                         {.key = 8000, .bus = Bus::kFloppy}},
                        false},
                    Row{"newer_board_efi",
                        {{.key = 2000, .bus = Bus::kLsiLogic}, {.key = 16000, .bus = Bus::kSata, .cdrom = true}},
                        true}),
    [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace contract
