// Relocate: what is different while a guest runs. The file that it writes to is mirrored
// instead of copied, and switched.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/disk_server.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/fd.h"
#include "vm/backend_spec.h"
#include "vm/relocate.h"

namespace vm {
namespace {

const std::string& WrittenOf(const backend::DiskSpec& disk) {
    return disk.overlays.empty() ? disk.path : disk.overlays.back();
}

base::Result<> MakeSparse(const std::string& path, std::int64_t size) {
    rt::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::FromErrno(errno, "make " + path);
    if (ftruncate(file.get(), size) == 0) return {};
    int number = errno;
    unlink(path.c_str());
    return base::FromErrno(number, "give " + path + " its size");
}

std::string ModeOf(const vim::VirtualDevice& device) {
    auto* flat = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    return flat ? flat->disk_mode : std::string();
}

rt::Co<vim::Result<backend::VmSpec>> SpecOf(Context& c, std::string id, Config config, Home home) {
    auto make = [id, config = std::move(config), home] { return MakeSpec(id, config, home.Folder(), home.volumes); };
    co_return co_await c.pool.Run(std::move(make));
}

const backend::DiskSpec* Find(const backend::VmSpec& spec, int key) {
    for (const backend::DiskSpec& d : spec.disks)
        if (d.key == key) return &d;
    return nullptr;
}

backend::DiskSpec VariablesOf(const backend::VmSpec& spec) {
    return {.key = backend::kVariablesKey, .path = spec.nvram, .overlays = {}};
}

std::int64_t ModifiedAt(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) ? 0 : found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec;
}

}  // namespace

rt::Co<vim::Result<>> Relocate::FindWritten(Moving& moving) {
    const Config& config = moving.loaded.config;
    moving.live = true;
    if (moving.plan.home_moves && FindDevice(config.hardware->device, kTpmKey))
        co_return vim::Fault(vim::NotSupported(),
                             base::Cat(config.name,
                                       " runs, and its TPM holds its state open: move its disks alone, or "
                                       "power it off to move all its files"));
    for (const auto& [key, path] : moving.plan.disks) {
        auto* device = FindDevice(config.hardware->device, key);
        if (device && ModeOf(*device).find("nonpersistent") != std::string::npos)
            co_return vim::Fault(vim::NotSupported(), base::Cat("what ", config.name, " writes to disk ", key,
                                                                " is kept only while it runs: "
                                                                "power it off to move that disk"));
    }
    CO_TRY(spec, co_await SpecOf(c_, moving.ref.id, config, moving.from));
    for (const auto& [key, path] : moving.plan.disks) {
        const backend::DiskSpec* disk = Find(spec, key);
        auto* device = dynamic_cast<const vim::VirtualDisk*>(FindDevice(config.hardware->device, key));
        if (disk && device)
            moving.written[WrittenOf(*disk)] = device->capacity_in_bytes.value_or(device->capacity_in_kb * 1024);
    }
    if (!moving.plan.home_moves || spec.nvram.empty()) co_return vim::Result<>{};
    auto look = [file = spec.nvram]() -> base::Result<std::int64_t> {
        struct stat found {};
        if (stat(file.c_str(), &found)) return base::FromErrno(errno, "look at " + file);
        return found.st_size;
    };
    auto size = co_await c_.pool.Run(std::move(look));
    if (!size) co_return FileFault(std::move(size).error(), moving.from.vmx);
    moving.written[spec.nvram] = *size;
    co_return vim::Result<>{};
}

rt::Co<base::Result<>> Relocate::MakeEmpty(const Moving& moving, std::string from, std::string to) {
    std::int64_t size = moving.written.at(from);
    if (from.ends_with("-delta.vmdk")) co_return co_await c_.disks->MakeOverlay(std::move(to), size);
    auto make = [to, size] { return MakeSparse(to, size); };
    co_return co_await c_.pool.Run(std::move(make));
}

rt::Co<vim::Result<std::vector<backend::DiskMove>>> Relocate::MovesOf(const Moving& moving) {
    CO_TRY(before, co_await SpecOf(c_, moving.ref.id, moving.loaded.config, moving.from));
    Config config = MovedConfig(moving.loaded.config, moving.plan);
    CO_TRY(after, co_await SpecOf(c_, moving.ref.id, std::move(config), moving.to));
    std::vector<backend::DiskMove> out;
    auto dense = [&moving](int key) {
        return std::any_of(moving.plan.files.begin(), moving.plan.files.end(),
                           [key](const MovedFile& f) { return f.disk_key == key && f.dense; });
    };
    for (const auto& [key, path] : moving.plan.disks) {
        const backend::DiskSpec *from = Find(before, key), *to = Find(after, key);
        if (from && to) out.push_back({*from, *to, dense(key)});
    }
    if (moving.plan.home_moves && !before.nvram.empty())
        out.push_back({VariablesOf(before), VariablesOf(after), false});
    co_return out;
}

rt::Co<vim::Result<>> Relocate::Mirror(Moving& moving, task::Progress& progress) {
    CO_TRY(moves, co_await MovesOf(moving));
    backend::Progress percent = [&progress](int n) { progress.Percent(5 + n * 9 / 10); };
    auto cancelled = [&progress] { return progress.cancelled(); };
    auto done =
        co_await c_.hypervisor.MirrorDisks(moving.ref.id, std::move(moves), std::move(percent), std::move(cancelled));
    if (done) co_return vim::Result<>{};
    if (done.error().code == base::Code::kCancelled)
        co_return vim::Fault(vim::RequestCanceled(), "cancelled by its user");
    co_return FileFault(std::move(done).error(), moving.plan.vmx);
}

// The guest stands still from here until the new files are the ones that count.
rt::Co<vim::Result<>> Relocate::Switch(Moving& moving) {
    CO_TRY(moves, co_await MovesOf(moving));
    if (auto held = co_await c_.hypervisor.Hold(moving.ref.id); !held) co_return BackendFault(std::move(held).error());
    auto done = co_await c_.hypervisor.SwitchDisks(moving.ref.id, std::move(moves));
    if (!done) co_return BackendFault(std::move(done).error());
    co_return vim::Result<>{};
}

// A guest that has gone since: the files that were written last are the ones that count.
rt::Co<bool> Relocate::NewFilesAreNewer(const Moving& moving) {
    auto compare = [plan = moving.plan, volumes = moving.from.volumes] {
        std::int64_t before = 0, after = 0;
        for (const MovedFile& f : plan.files) {
            auto from = Locate(volumes, f.from), to = Locate(volumes, f.to);
            if (!f.from.ends_with("-flat.vmdk") && !f.from.ends_with("-delta.vmdk") && !f.from.ends_with(".nvram"))
                continue;
            if (from) before = std::max(before, ModifiedAt(from->Absolute()));
            if (to) after = std::max(after, ModifiedAt(to->Absolute()));
        }
        return after > before;
    };
    co_return co_await c_.pool.Run(std::move(compare));
}

// After a restart at a moment at which both sets of files were whole.
Relocate::Done Relocate::GoOn(Moving moving) {
    bool newer = moving.live || co_await NewFilesAreNewer(moving);
    if (!newer) co_return co_await Undone(std::move(moving));
    auto done = moving.live ? co_await Switch(moving) : vim::Result<>();
    if (done) done = co_await Commit(moving);
    if (moving.live) (void)co_await c_.hypervisor.Release(moving.ref.id);
    if (!done) {
        base::LogWarning("vm " + moving.ref.id, done.error().message());
        co_return co_await Undone(std::move(moving));
    }
    co_await ClearOld(moving.ref, moving.intent);
    co_return vim::Any();
}

}  // namespace vm
