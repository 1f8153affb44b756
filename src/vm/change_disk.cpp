// deviceChange: disks.
#include <algorithm>

#include "vim/gen/storage.h"
#include "vm/device_change.h"
#include "vm/disk_flags.h"

namespace vm {

namespace {

std::string_view AdapterFor(const Slot& slot, const Devices& devices) {
    if (slot.kind != BusKind::kScsi) return "ide";
    const vim::VirtualDevice* c = FindDevice(devices, slot.ControllerKey());
    return c && ScsiWord(*c) == "buslogic" ? "buslogic" : "lsilogic";
}

}  // namespace

// A name in the folder that nothing else has, nor will have: "web.vmdk", "web_1.vmdk", ...
std::string DeviceChange::FreshDiskName(std::string_view folder_text) {
    auto folder = DatastorePath::Parse(folder_text);
    DatastorePath at = folder && !folder_text.empty() ? *folder : s_.vmx_path.Folder();
    if (at.path.empty() && !s_.vmx_path.Folder().path.empty()) at.path = s_.vmx_path.Folder().path;
    if (auto located = Locate(s_.volumes, at)) at = located->path;
    std::string stem = s_.vmx_path.WithSuffix(".vmx", "").Name();
    for (int number = 0;; ++number) {
        DatastorePath path = at / (stem + (number ? base::Cat('_', number) : std::string()) + ".vmdk");
        std::string name = path.Text();
        if (named_.contains(name) || (s_.disk_taken && s_.disk_taken(path))) continue;
        bool used = std::any_of(devices_.begin(), devices_.end(), [&](const Device& d) {
            auto* file = d->backing.As<vim::VirtualDeviceFileBackingInfo>();
            return file && file->file_name == name;
        });
        if (!used) return name;
    }
}

vim::Result<> DeviceChange::TakeDiskFile(vim::VirtualDisk& disk, const DeviceSpec& spec, int index, const Slot& slot) {
    auto* asked = disk.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    if (!asked)
        return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index),
                          "disks of this host have a VirtualDiskFlatVer2BackingInfo");
    auto& backing = static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(disk.backing.Mut());
    bool make = spec.file_operation == FileOperation::kCreate;
    if (spec.file_operation && !make)
        return vim::Fault(
            vim::InvalidDeviceOperation(Property(index), index, DeviceOperation::kAdd, spec.file_operation),
            "a disk is added with a new file (create) or with one that is there");
    if (make && asked->parent)
        return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing.parent"), index),
                          "a disk that is a delta of another is made by a snapshot or a linked clone, not by itself: "
                          "attach the disk (govc vm.disk.attach -link=false) or a copy of it");
    // A datastore without a file name says where to make one.
    std::string name = backing.file_name;
    if (name.empty() && backing.datastore)
        if (const Volume* volume = FindVolume(s_.volumes, backing.datastore)) name = base::Cat('[', volume->name, ']');
    bool folder_only = name.empty() || name.ends_with('/') || name.ends_with(']') || base::Trim(name).ends_with(']');
    if (folder_only && !make)
        return Bad(index, "a disk that is not to be made needs the name of its file", "device.backing.fileName");
    if (folder_only) name = FreshDiskName(name);
    auto located = Locate(s_.volumes, name);
    if (!located) return std::move(located).error();
    if (!located->path.path.ends_with(".vmdk") || located->path.path.ends_with("-flat.vmdk"))
        return Bad(index, base::Cat(name, " is no name for a disk: it must end in .vmdk (and not in -flat.vmdk)"),
                   "device.backing.fileName");
    for (const Device& d : devices_)
        if (auto* other = d->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
            other && other->file_name == located->path.Text())
            return Bad(index, base::Cat(name, " is a disk of this virtual machine already"), "device.backing.fileName");
    std::string wrong = TakeFlags(backing, backing);
    if (!wrong.empty())
        return vim::Fault(vim::VirtualDiskModeNotSupported("VirtualDisk", "diskMode", backing.disk_mode),
                          std::move(wrong));
    backing.file_name = located->path.Text();
    backing.datastore = located->volume.datastore;
    backing.split = false;
    if (!make) {
        change_.files.attach.push_back(backing.file_name);
        return {};
    }
    if (disk.capacity_in_bytes && *disk.capacity_in_bytes > 0)
        disk.capacity_in_kb = (*disk.capacity_in_bytes + 1023) / 1024;
    if (disk.capacity_in_kb < 1 || disk.capacity_in_kb > s_.limits.max_disk_kb)
        return Bad(index,
                   base::Cat("a disk of ", disk.capacity_in_kb, " KB is not possible; 1 to ", s_.limits.max_disk_kb,
                             " KB are"),
                   "device.capacityInKB");
    disk.capacity_in_bytes = disk.capacity_in_kb * 1024;
    bool thin = backing.thin_provisioned.value_or(false);
    change_.files.make.push_back({backing.file_name, disk.capacity_in_kb, thin, std::string(AdapterFor(slot, devices_)),
                                  !thin && backing.eagerly_scrub.value_or(false)});
    return {};
}

vim::Result<> DeviceChange::AddOnBus(Device device, const DeviceSpec& spec, int index) {
    bool cdrom = device->type().IsA(vim::VirtualCdrom::kType);
    auto slot = ChooseSlot(*device, index, cdrom);
    if (!slot) return std::move(slot).error();
    CHECK(CheckHot(slot->kind == BusKind::kScsi && !cdrom, index, cdrom ? "adding a CD-ROM drive" : "adding a disk"));
    if (cdrom && slot->kind == BusKind::kNvme)
        return Bad(index, "a CD-ROM drive goes on an IDE, SATA or SCSI controller");
    int wanted = device->key;
    vim::VirtualDevice& d = device.Mut();
    d.key = slot->Key();
    d.controller_key = slot->ControllerKey();
    d.unit_number = slot->unit;
    if (cdrom) {
        d.connectable = ConnectFor(d.connectable);
        CHECK(TakeImage(device, index));
    } else {
        CHECK(TakeShares(static_cast<vim::VirtualDisk&>(d), *spec.device.As<vim::VirtualDisk>(), index));
        CHECK(TakeDiskFile(static_cast<vim::VirtualDisk&>(d), spec, index, *slot));
        if (Hot()) change_.live.plug.push_back(d.key);
    }
    Put(std::move(device), wanted);
    return {};
}

// What of the datastore it may have: at most so many operations a second, and its weight.
vim::Result<> DeviceChange::TakeShares(vim::VirtualDisk& disk, const vim::VirtualDisk& asked, int index) {
    vim::StorageIOAllocationInfo io;
    if (asked.storage_io_allocation) io = *asked.storage_io_allocation;
    if (!io.limit) io.limit = -1;
    if (*io.limit == 0 || *io.limit < -1 || *io.limit > INT32_MAX)
        return Bad(index, base::Cat("a limit of ", *io.limit, " operations a second is not possible; -1 is none"),
                   "device.storageIOAllocation.limit");
    if (io.shares && io.shares->level == vim::SharesLevel::kCustom &&
        (io.shares->shares < 200 || io.shares->shares > 4000))
        return Bad(index, "shares of a disk are 200 to 4000", "device.storageIOAllocation.shares");
    vim::SharesLevel level = io.shares ? io.shares->level : vim::SharesLevel::kNormal;
    io.shares = SharesFor(level, io.shares ? io.shares->shares : 0, kDiskSharesLow, 1);
    if (!io.reservation) io.reservation = 0;
    disk.storage_io_allocation = std::move(io);
    return {};
}

// Also while the guest runs, which then sees a larger disk.
vim::Result<> DeviceChange::GrowDisk(const vim::VirtualDisk& disk, std::int64_t kb, int index) {
    auto* file = disk.backing.As<DiskBacking>();
    if (file->parent)
        return Bad(index,
                   base::Cat(file->file_name, " has snapshots: remove them before the disk is given another size"),
                   "device.capacityInKB");
    change_.files.extend.push_back({file->file_name, kb});
    if (s_.state == vim::VirtualMachinePowerState::kPoweredOff) return {};
    bool alone = file->sharing != kShared && !Forgets(*file);
    if (!alone || s_.state != vim::VirtualMachinePowerState::kPoweredOn)
        return Running(alone ? "growing a disk" : "growing a disk that is shared or forgets what is written");
    change_.live.grow.push_back({disk.key, kb * 1024});
    return {};
}

vim::Result<> DeviceChange::EditDisk(Device& now, const DeviceSpec& spec, int index) {
    auto* asked = spec.device.As<vim::VirtualDisk>();
    CHECK(Move(now, *asked, index));
    if (asked->storage_io_allocation) {
        vim::Ptr<vim::StorageIOAllocationInfo> had = now.As<vim::VirtualDisk>()->storage_io_allocation;
        CHECK(TakeShares(static_cast<vim::VirtualDisk&>(now.Mut()), *asked, index));
        std::int64_t limit = now.As<vim::VirtualDisk>()->storage_io_allocation->limit.value_or(-1);
        if (Hot() && (!had || had->limit.value_or(-1) != limit))
            change_.live.iops.push_back({now->key, std::max<std::int64_t>(0, limit)});
    }
    auto* before = now.As<vim::VirtualDisk>();
    std::int64_t kb =
        asked->capacity_in_bytes.value_or(0) > 0 && *asked->capacity_in_bytes != before->capacity_in_bytes.value_or(0)
            ? (*asked->capacity_in_bytes + 1023) / 1024
            : asked->capacity_in_kb;
    auto* file = before->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    auto* new_file = asked->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    if (asked->backing && !new_file)
        return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index),
                          "the backing of a disk cannot become another kind");
    if (new_file && !new_file->file_name.empty() && new_file->file_name != file->file_name) {
        if (s_.running) return Running("giving a disk another file");
        auto located = Locate(s_.volumes, new_file->file_name);
        if (!located) return std::move(located).error();
        change_.files.attach.push_back(located->path.Text());
        static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(now.Mut().backing.Mut()).file_name = located->path.Text();
        return {};
    }
    if (kb != 0 && kb < before->capacity_in_kb)
        return Bad(index, base::Cat("a disk cannot shrink: it has ", before->capacity_in_kb, " KB, asked for are ", kb),
                   "device.capacityInKB");
    if (kb > s_.limits.max_disk_kb)
        return Bad(index, base::Cat("a disk of ", kb, " KB is not possible"), "device.capacityInKB");
    if (kb > before->capacity_in_kb) CHECK(GrowDisk(*before, kb, index));
    if (!new_file) return {};
    DiskBacking flags = *file;
    if (std::string wrong = TakeFlags(*new_file, flags); !wrong.empty())
        return vim::Fault(vim::VirtualDiskModeNotSupported("VirtualDisk", "diskMode", new_file->disk_mode),
                          std::move(wrong));
    if (flags.disk_mode != file->disk_mode && file->parent)
        return Bad(index, "a disk with snapshots keeps its mode; remove the snapshots first",
                   "device.backing.diskMode");
    if (s_.running && !SameFlags(flags, *file)) return Running("changing the mode or sharing of a disk");
    now.Mut().backing = flags;
    return {};
}

}  // namespace vm
