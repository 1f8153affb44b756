#include "vm/tracking.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "vm/file_copy.h"

namespace vm {

bool IsTracked(const Config& config, const vim::VirtualDevice& device) {
    if (!config.change_tracking_enabled.value_or(false) || !device.type().IsA(vim::VirtualDisk::kType)) return false;
    auto* backing = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    return backing && !backing->disk_mode.starts_with("independent");
}

base::Result<TrackedDisk> FindTracked(const vim::VirtualDevice& device, const VolumeList& volumes) {
    auto* backing = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    if (!backing) return base::Error{base::Code::kInvalid, "it is no disk in a file"};
    auto located = Locate(volumes, backing->file_name);
    if (!located) return base::Error{base::Code::kNotFound, located.error().message()};
    TRY(facts, InspectDisk(located->volume.folder, located->Absolute()));
    TrackedDisk disk{.key = device.key,
                     .path = located->path,
                     .file = CtkOf(located->Absolute()),
                     .written = facts.overlays.empty() ? facts.flat : facts.overlays.back(),
                     .capacity = facts.capacity_kb * 1024,
                     .layers = LayersToRead(facts)};
    return disk;
}

std::vector<TrackedDisk> TrackedDisks(const Config& config, const VolumeList& volumes) {
    std::vector<TrackedDisk> out;
    for (const Device& device : config.hardware->device) {
        if (!IsTracked(config, *device)) continue;
        if (auto disk = FindTracked(*device, volumes)) out.push_back(*std::move(disk));
        else base::LogWarning("vm", "changes are not tracked: " + disk.error().message);
    }
    return out;
}

void CarrySeals(const Config& before, const Config& after, const VolumeList& volumes) {
    for (const Device& device : before.hardware->device) {
        const vim::VirtualDevice* now = FindDevice(after.hardware->device, device->key);
        auto from = FindTracked(*device, volumes);
        auto to = now ? FindTracked(*now, volumes) : base::Result<TrackedDisk>(TrackedDisk());
        if (!from || !to || from->file == to->file) continue;
        auto ctk = ReadCtk(from->file);
        if (!ctk || !IsSealed(*ctk, from->written)) continue;
        if (auto sealed = SealCtk(to->file, to->written); !sealed) base::LogWarning("vm", sealed.error().message);
    }
}

std::string ChangeIdOf(const std::string& descriptor, std::uint32_t snapshot) {
    auto ctk = ReadCtk(CtkOf(descriptor));
    if (!ctk) return {};
    if (!snapshot) return codec::ChangeId{ctk->uuid, ctk->epoch}.Text();
    for (const codec::Ctk::Taken& taken : ctk->taken)
        if (taken.snapshot == snapshot) return codec::ChangeId{ctk->uuid, taken.epoch}.Text();
    return {};
}

rt::Co<Tracking::Disks> Tracking::DisksOf(vim::Ref ref) {
    auto vm = c_.Get(ref);
    Record* record = c_.Find(ref);
    if (!vm || !vm->config || !record || record->file.empty()) co_return Disks{};
    auto find = [config = *vm->config, volumes = c_.volumes.Now()] { return TrackedDisks(config, volumes); };
    co_return co_await c_.pool.Run(std::move(find));
}

// A tracking file of a disk that is not tracked any more would tell of the past only.
static void RemoveOthers(const Config& config, const VolumeList& volumes, const std::vector<TrackedDisk>& tracked) {
    for (const Device& device : config.hardware->device) {
        auto* backing = device->type().IsA(vim::VirtualDisk::kType)
                            ? device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()
                            : nullptr;
        auto located =
            backing ? Locate(volumes, backing->file_name) : vim::Result<Located>(vim::Fault(vim::NotFound()));
        if (!located || IsTracked(config, *device)) continue;
        std::string file = CtkOf(located->Absolute());
        bool used = std::any_of(tracked.begin(), tracked.end(), [&](const TrackedDisk& d) { return d.file == file; });
        if (!used && ReadCtk(file)) (void)RemoveFile(file);
    }
}

rt::Co<void> Tracking::Open(vim::Ref ref, Config config, backend::VmSpec& spec) {
    Record* record = c_.Find(ref);
    if (!record || record->file.empty()) co_return;
    auto open = [config = std::move(config), volumes = c_.volumes.Now()] {
        Disks disks = TrackedDisks(config, volumes);
        RemoveOthers(config, volumes, disks);
        std::erase_if(disks, [](const TrackedDisk& disk) {
            auto opened = OpenCtk(disk.file, disk.capacity, disk.written);
            if (!opened) base::LogWarning("vm", "changes are not tracked: " + opened.error().message);
            return !opened;
        });
        return disks;
    };
    Disks disks = co_await c_.pool.Run(std::move(open));
    for (const TrackedDisk& disk : disks)
        for (backend::DiskSpec& d : spec.disks)
            if (d.key == disk.key) d.track = true;
}

rt::Co<void> Tracking::Unopen(vim::Ref ref) {
    Disks disks = co_await DisksOf(ref);
    auto close = [disks = std::move(disks)] {
        for (const TrackedDisk& disk : disks) (void)UnopenCtk(disk.file, disk.written);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(close));
}

// --- ends of epochs

// What was noted is lost, or cannot be kept.
rt::Co<void> Tracking::BeginAnew(vim::Ref ref, TrackedDisk disk, std::string why) {
    base::LogWarning("vm " + ref.id, base::Cat("changes of ", disk.path.Text(), " were not kept: ", why,
                                               "; it gets a new change id, and the next backup is a full one"));
    (void)co_await c_.hypervisor.EndTracking(ref.id, disk.key);
    auto tracked = co_await c_.hypervisor.TrackChanges(ref.id, disk.key);
    auto make = [file = disk.file, capacity = disk.capacity, tracked = bool(tracked)]() -> base::Result<> {
        if (!tracked) return RemoveFile(file);
        auto made = MakeCtk(file, capacity);
        if (made) return {};
        (void)RemoveFile(file);          // the old one would tell of these changes as if there were none
        return std::move(made).error();
    };
    if (auto made = co_await c_.pool.Run(std::move(make)); !made)
        base::LogWarning("vm " + ref.id, made.error().message);
}

rt::Co<base::Result<>> Tracking::CollectOne(vim::Ref ref, TrackedDisk disk, backend::ChangesOf which,
                                            std::uint32_t snapshot) {
    CO_TRY(changes, co_await c_.hypervisor.ReadChanges(ref.id, disk.key, which));
    std::int64_t capacity = std::max(disk.capacity, changes.size);
    auto stamp = [disk, ranges = std::move(changes.ranges), capacity, snapshot] {
        return StampCtk(disk.file, capacity, ranges, snapshot);
    };
    CO_CHECK(co_await c_.pool.Run(std::move(stamp)));
    co_return co_await c_.hypervisor.ForgetChanges(ref.id, disk.key, which);
}

rt::Co<void> Tracking::Collect(vim::Ref ref, backend::ChangesOf which, std::uint32_t snapshot) {
    Disks disks = co_await DisksOf(ref);
    std::vector<std::string> whole;
    for (const TrackedDisk& disk : disks) {
        auto collected = co_await CollectOne(ref, disk, which, snapshot);
        if (collected) whole.push_back(disk.file);
        else co_await BeginAnew(ref, disk, collected.error().message);
    }
    if (which == backend::ChangesOf::kAllLayers) collected_[ref.id] = std::move(whole);
}

rt::Co<bool> Tracking::Halt(vim::Ref ref) {
    auto vm = c_.Get(ref);
    if (!vm || !vm->config || !vm->config->change_tracking_enabled.value_or(false)) co_return false;
    if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped) co_return false;
    if (auto paused = co_await c_.hypervisor.Pause(ref.id); !paused) {
        base::LogWarning("vm " + ref.id, "it cannot be paused to read which blocks changed: " + paused.error().message);
        co_return false;
    }
    co_await Collect(ref, backend::ChangesOf::kAllLayers);
    co_return true;
}

rt::Co<void> Tracking::Seal(vim::Ref ref) {
    auto found = collected_.find(ref.id);
    if (found == collected_.end()) co_return;
    std::vector<std::string> whole = std::move(found->second);
    collected_.erase(found);
    if (whole.empty()) co_return;
    Disks disks = co_await DisksOf(ref);
    std::erase_if(disks,
                  [&](const TrackedDisk& d) { return std::find(whole.begin(), whole.end(), d.file) == whole.end(); });
    auto seal = [disks = std::move(disks), id = ref.id] {
        for (const TrackedDisk& disk : disks)
            if (auto sealed = SealCtk(disk.file, disk.written); !sealed)
                base::LogWarning("vm " + id, sealed.error().message);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(seal));
}

rt::Co<void> Tracking::Unseal(vim::Ref ref, std::uint32_t snapshot) {
    Disks disks = co_await DisksOf(ref);
    auto look = [disks = std::move(disks), snapshot] {
        std::vector<std::string> whole;
        for (const TrackedDisk& disk : disks) {
            auto ctk = ReadCtk(disk.file);
            if (!ctk && ctk.error().code == base::Code::kNotFound) ctk = MakeCtk(disk.file, disk.capacity);
            else if (!ctk || !IsSealed(*ctk, disk.written)) continue;
            if (ctk && NoteSnapshot(disk.file, snapshot)) whole.push_back(disk.file);
        }
        return whole;
    };
    collected_[ref.id] = co_await c_.pool.Run(std::move(look));
}

rt::Co<void> Tracking::Obey(vim::Ref ref) {
    auto vm = c_.Get(ref);
    if (!vm || !vm->config || c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped) co_return;
    Disks disks = co_await DisksOf(ref);
    for (const Device& device : vm->config->hardware->device)
        if (device->type().IsA(vim::VirtualDisk::kType) && !IsTracked(*vm->config, *device))
            (void)co_await c_.hypervisor.EndTracking(ref.id, device->key);
    auto clear = [config = *vm->config, volumes = c_.volumes.Now(), disks] {
        RemoveOthers(config, volumes, disks);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(clear));
    for (const TrackedDisk& disk : disks) {
        auto there = co_await c_.hypervisor.ReadChanges(ref.id, disk.key, backend::ChangesOf::kFrozenLayers);
        if (there) continue;             // it is tracked already
        co_await BeginAnew(ref, disk, "tracking begins");
    }
}

// --- guests that power themselves off

void Tracking::OnGuestShutdown(const vim::Ref& ref) {
    auto vm = c_.Get(ref);
    bool tracked = vm && vm->config && vm->config->change_tracking_enabled.value_or(false);
    if (!tracked || Settling(ref)) return;               // its process ends by itself
    shut_down_.push_back(ref);
    wake_.Notify();
}

bool Tracking::Settling(const vim::Ref& ref) const {
    return std::find(shut_down_.begin(), shut_down_.end(), ref) != shut_down_.end();
}

rt::Co<void> Tracking::Settle(vim::Ref ref) {
    if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped) co_return;   // it needed nobody to end
    co_await Collect(ref, backend::ChangesOf::kAllLayers);
    if (auto stopped = co_await c_.hypervisor.Stop(ref.id); !stopped && stopped.error().code != base::Code::kNotFound) {
        base::LogError("vm " + ref.id,
                       "its guest has powered itself off, but its process stays: " + stopped.error().message);
        co_return;
    }
    co_await Seal(ref);
    (void)co_await c_.Refresh(ref);
}

rt::Co<void> Tracking::Run(const bool& stopping) {
    constexpr auto kLook = std::chrono::seconds(1);
    while (!stopping) {
        if (shut_down_.empty()) {
            co_await wake_.WaitFor(kLook);
            continue;
        }
        vim::Ref ref = shut_down_.front();
        co_await Settle(ref);
        shut_down_.pop_front();
        on_settled(ref);
    }
}

}  // namespace vm
