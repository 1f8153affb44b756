// Tracking: what a backup asks for.
#include <algorithm>

#include "base/text.h"
#include "vim/gen/service.h"
#include "vm/tracking.h"

namespace vm {
namespace {

constexpr std::size_t kMostAreas = 2000;         // in one answer; the client asks again from where it ends

vim::Fault Wrong(std::string_view property, std::string words) {
    vim::InvalidArgument fault;
    fault.invalid_property = std::string(property);
    return vim::Fault(std::move(fault), std::move(words));
}

vim::Fault Stale(const DatastorePath& disk, std::string words) {
    return vim::Fault(vim::FileFault(disk.Text()),
                      base::Cat(disk.Text(), ": ", words, "; take a full backup (change id \"*\")"));
}

vim::Ptr<vim::DiskChangeInfo> Answer(std::int64_t start, const ChangedAreas& found) {
    vim::DiskChangeInfo info;
    info.start_offset = start;
    info.length = found.end - start;
    for (const backend::DiskRange& area : found.areas) {
        vim::DiskChangeExtent extent;
        extent.start = area.offset;
        extent.length = area.length;
        info.changed_area.push_back(std::move(extent));
    }
    return info;
}

struct Since {
    codec::ChangeId id;
    bool runs = false;
    std::string written;                 // of a stopped VM: the layer that its guest wrote last
};

vim::Result<ChangedAreas> ChangedSince(const TrackedDisk& disk, const Since& since, std::int64_t start) {
    auto ctk = ReadCtk(disk.file);
    if (!ctk) return Stale(disk.path, "its changes are not tracked");
    if (!since.runs && !IsSealed(*ctk, since.written))
        return Stale(disk.path, "the virtual machine did not end in order, and its last changes were not noted");
    if (ctk->uuid != since.id.uuid) return Stale(disk.path, "the change id is of an earlier tracking of this disk");
    if (since.id.epoch > ctk->epoch) return Stale(disk.path, "the change id is of a time that this disk did not have");
    auto read = ReadChanged(disk.file, since.id.epoch, start, kMostAreas);
    if (!read) return FileFault(std::move(read).error(), disk.path);
    return *std::move(read);
}

const vim::VirtualDevice* DiskOf(const Config& config, int key) {
    const vim::VirtualDevice* device = FindDevice(config.hardware->device, key);
    return device && device->type().IsA(vim::VirtualDisk::kType) ? device : nullptr;
}

}  // namespace

// A window at a time, so that an answer is never long in coming.
rt::Co<vim::Result<ChangedAreas>> Tracking::Allocated(TrackedDisk disk, std::int64_t start) {
    constexpr std::int64_t kWindow = 64ll << 30;
    if (!c_.disks) co_return vim::Fault(vim::NotSupported(), "this host cannot look into disks");
    auto opened = co_await c_.disks->Open(disk.layers);
    if (!opened) co_return FileFault(std::move(opened).error(), disk.path);
    ChangedAreas out;
    out.end = start;
    std::int64_t size = (*opened)->size();
    vim::Result<> done;
    while (done && out.end < size && out.areas.size() < kMostAreas) {
        backend::DiskRange window{out.end, std::min(kWindow, size - out.end)};
        auto data = co_await (*opened)->Allocated(window);
        if (!data) {
            done = FileFault(std::move(data).error(), disk.path);
            break;
        }
        out.end += window.length;
        std::size_t room = kMostAreas - out.areas.size();
        if (data->size() > room) {
            out.end = (*data)[room].offset;
            data->resize(room);
        }
        out.areas.insert(out.areas.end(), data->begin(), data->end());
    }
    co_await (*opened)->Close();
    if (!done) co_return std::move(done).error();
    co_return out;
}

rt::Co<vim::Result<vim::Ptr<vim::DiskChangeInfo>>> Tracking::Query(vim::call::QueryChangedDiskAreas call) {
    CO_TRY(vm, c_.Usable(call.self));
    vim::Ptr<vim::VirtualMachineConfigInfo> config = vm->config;
    bool runs = vm->runtime->power_state == PowerState::kPoweredOn;
    if (call.snapshot) {
        auto now = c_.inventory.Now();
        auto* snapshot = now->Get<vim::VirtualMachineSnapshot>(call.snapshot);
        if (!snapshot || !snapshot->config || !(snapshot->vm == call.self))
            co_return vim::Fault(vim::ManagedObjectNotFound(call.snapshot),
                                 base::Cat(vm->name, " has no snapshot ", call.snapshot.id));
        config = snapshot->config;
    } else if (runs) {
        co_return vim::Fault(vim::FileFault(config->files->vm_path_name.value_or(vm->name)),
                             vm->name + " runs, so its disks change all the time: take a snapshot and ask about that");
    }
    const vim::VirtualDevice* device = DiskOf(*config, call.device_key);
    if (!device) co_return Wrong("deviceKey", base::Cat(vm->name, " has no disk ", call.device_key));
    auto find = [copy = *device, volumes = c_.volumes.Now()] { return FindTracked(copy, volumes); };
    auto disk = co_await c_.pool.Run(std::move(find));
    if (!disk) co_return vim::Fault(vim::FileFault(vm->name), std::move(disk).error().message);
    if (call.start_offset < 0 || call.start_offset >= disk->capacity)
        co_return Wrong("startOffset", base::Cat(call.start_offset, " lies not within the ", disk->capacity,
                                                 " bytes of ", disk->path.Text()));
    if (!IsTracked(*vm->config, *device))
        co_return vim::Fault(vim::FileFault(disk->path.Text()),
                             base::Cat(disk->path.Text(), ": its changes are not tracked; set changeTrackingEnabled"));
    if (call.change_id == "*") {
        CO_TRY(found, co_await Allocated(*disk, call.start_offset));
        co_return Answer(call.start_offset, found);
    }
    auto id = codec::ChangeId::Parse(call.change_id);
    if (!id) co_return Wrong("changeId", base::Cat("\"", call.change_id, "\" is no change id, and not \"*\""));
    const vim::VirtualDevice* current = DiskOf(*vm->config, call.device_key);
    auto look = [disk = *disk, id = *id, runs, start = call.start_offset, current = current ? *current : *device,
                 volumes = c_.volumes.Now()] {
        auto now = FindTracked(current, volumes);
        return ChangedSince(disk, {id, runs, now ? now->written : disk.written}, start);
    };
    CO_TRY(found, co_await c_.pool.Run(std::move(look)));
    found.end = std::min(found.end, disk->capacity);
    co_return Answer(call.start_offset, found);
}

}  // namespace vm
