#include "test/contract/hypervisor_lab.h"

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "backend/qemu/machine.h"
#include "backend/sim/machine.h"
#include "base/text.h"
#include "codec/qcow2.h"
#include "rt/loop.h"
#include "test/contract/tiny_guest.h"

namespace contract {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
constexpr auto kPatience = 20s;

std::string NewFolder() {
    std::string name = (fs::temp_directory_path() / "bedplate-contract-XXXXXX").string();
    return mkdtemp(name.data()) ? name : std::string();
}

backend::VmSpec SmallVm(const std::string& id) {
    backend::VmSpec spec;
    spec.id = id;
    spec.name = "contract, " + id;
    spec.uuid = "564d1111-2222-3333-4444-555566667777";
    spec.memory_mb = 16;
    spec.disks.push_back({.key = 3002, .bus = backend::Bus::kIde, .bus_number = 1, .cdrom = true});
    spec.nics.push_back({.key = 4000, .model = "e1000", .mac = "00:50:56:00:00:01", .connected = false});
    spec.boot.order = {"disk"};
    return spec;
}

class SimLab : public Lab {
public:
    ~SimLab() override { fs::remove_all(folder_); }
    std::unique_ptr<backend::Hypervisor> Make() override { return std::make_unique<backend::sim::Machine>(world_); }
    backend::VmSpec Spec(const std::string& id) override {
        backend::VmSpec spec = SmallVm(id);
        std::string disk = base::Cat(folder_, '/', id, ".raw");
        std::ofstream(disk) << std::string(64 * 1024, '\0');
        spec.disks.push_back({.key = 3000, .bus = backend::Bus::kIde, .path = disk});
        return spec;
    }
    void BreakNextStart(backend::VmSpec& spec) override {
        world_->script.Fails(backend::sim::Op::kStart, spec.id, base::Error{base::Code::kIo, "the script says so"});
    }
    void Kill(const std::string& id) override { world_->Die(id, "killed by signal 9"); }
    rt::Co<bool> Booted(std::string) override { co_return true; }
    int Boots(const std::string&) override { return -1; }
    std::vector<std::string> LeftBehind() override {
        std::vector<std::string> out;
        for (const auto& [id, vm] : world_->vms()) out.push_back(id);
        return out;
    }
    std::string Folder() override { return folder_; }
    bool GuestLetsGo() override { return true; }

private:
    rt::SystemTimer timer_;
    std::shared_ptr<backend::sim::World> world_ = std::make_shared<backend::sim::World>(timer_, backend::sim::Script{});
    std::string folder_ = NewFolder();
};

class QemuLab : public Lab {
public:
    ~QemuLab() override {
        for (const std::string& id : backend::qemu::ListRunDirs(folder_ + "/run")) Kill(id);
        fs::remove_all(folder_);
    }
    std::unique_ptr<backend::Hypervisor> Make() override {
        backend::qemu::Options options{.run = folder_ + "/run", .accelerator = "tcg"};
        return std::make_unique<backend::qemu::Machine>(pool_, options);
    }
    backend::VmSpec Spec(const std::string& id) override {
        backend::VmSpec spec = SmallVm(id);
        std::string disk = base::Cat(folder_, '/', id, ".raw");
        std::ofstream(disk, std::ios::binary) << TinyGuestDisk();
        spec.disks.push_back({.key = 3000, .bus = backend::Bus::kIde, .path = disk});
        spec.serial_log = base::Cat(folder_, '/', id, ".serial");
        spec.log = base::Cat(folder_, '/', id, ".log");
        return spec;
    }
    void BreakNextStart(backend::VmSpec& spec) override { spec.disks.back().path += ".missing"; }
    void Kill(const std::string& id) override {
        backend::qemu::RunDir dir(folder_ + "/run", id);
        auto record = dir.Read();
        if (pid_t pid = record ? dir.FindProcess(*record) : 0) kill(pid, SIGKILL);
    }
    rt::Co<bool> Booted(std::string id) override {
        auto end = std::chrono::steady_clock::now() + kPatience;
        while (Serial(id).find('.') == std::string::npos) {
            if (std::chrono::steady_clock::now() > end) co_return false;
            co_await rt::Sleep(5ms);
        }
        co_return true;
    }
    int Boots(const std::string& id) override { return static_cast<int>(std::ranges::count(Serial(id), 'R')); }
    std::vector<std::string> LeftBehind() override { return backend::qemu::ListRunDirs(folder_ + "/run"); }
    std::string Folder() override { return folder_; }
    bool GuestLetsGo() override { return false; }

private:
    std::string Serial(const std::string& id) {
        std::ifstream in(base::Cat(folder_, '/', id, ".serial"));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    rt::Pool pool_{2};
    std::string folder_ = NewFolder();
};

}  // namespace

void Lab::Listen(backend::Hypervisor& machine) {
    machine.on_event = [this](const backend::Event& event) {
        events.push_back(event);
        happened_.Notify();
    };
}

rt::Co<bool> Lab::Saw(std::string vm, backend::EventKind kind) {
    auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto match = [&](const backend::Event& e) { return e.vm == vm && e.kind == kind; };
        auto found = std::find_if(events.begin(), events.end(), match);
        if (found != events.end()) {
            last_detail = found->detail;
            auto before = found + 1;
            auto taken = std::remove_if(events.begin(), before, [&](const backend::Event& e) { return e.vm == vm; });
            events.erase(taken, before);
            co_return true;
        }
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (left <= base::Duration::zero()) co_return false;
        co_await happened_.WaitFor(left);
    }
}

std::string Lab::Overlay(backend::DiskSpec& disk) {
    std::string path = base::Cat(Folder(), "/disk", disk.key, "-00000", disk.overlays.size() + 1, "-delta.vmdk");
    const std::string& below = disk.overlays.empty() ? disk.path : disk.overlays.back();
    std::uint64_t size = disk.path.empty() ? 0 : fs::file_size(disk.path);
    std::ofstream(path, std::ios::binary)
        << codec::NewQcow2(size, below.substr(below.rfind('/') + 1), disk.overlays.empty() ? "raw" : "qcow2");
    disk.overlays.push_back(path);
    return path;
}

std::unique_ptr<Lab> MakeSimLab() { return std::make_unique<SimLab>(); }
std::unique_ptr<Lab> MakeQemuLab() { return std::make_unique<QemuLab>(); }

}  // namespace contract
