// deviceChange: adding, removing and editing devices.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "vim/gen/host_network.h"
#include "vm/change.h"

namespace vm {
namespace {

using DeviceSpec = vim::VirtualDeviceConfigSpec;
using Operation = vim::VirtualDeviceConfigSpecOperation;
using FileOperation = vim::VirtualDeviceConfigSpecFileOperation;

// One deviceChange list being applied.
class DeviceChange {
public:
    DeviceChange(const Situation& s, Change& change)
        : s_(s), change_(change), devices_(change.config.hardware.Mut().device) {}

    vim::Result<> Add(const DeviceSpec& spec, int index);
    vim::Result<> Remove(const DeviceSpec& spec, int index);
    vim::Result<> Edit(const DeviceSpec& spec, int index);

private:
    std::string Property(int index, std::string_view rest = "device") const {
        return base::Cat("configSpec.deviceChange[", index, "].", rest);
    }
    vim::Fault Bad(int index, std::string words, std::string_view rest = "device") const {
        return vim::Fault(vim::InvalidDeviceSpec(Property(index, rest), index), std::move(words));
    }
    vim::Fault Running(std::string_view what) const {
        return vim::Fault(vim::InvalidPowerState(vim::VirtualMachinePowerState::kPoweredOff, s_.state),
                          base::Cat(what, " needs the virtual machine powered off; it is ", vim::Name(s_.state)));
    }
    void Put(Device device, int wanted_key) {
        keys_[wanted_key] = device->key;
        devices_.push_back(std::move(device));
    }
    Device* Find(int key) {
        for (Device& d : devices_)
            if (d->key == key) return &d;
        return nullptr;
    }
    int RealKey(int key) const {
        auto it = keys_.find(key);
        return it == keys_.end() ? key : it->second;
    }

    vim::Result<> AddBus(Device device, int index, BusKind kind, std::string_view what);
    vim::Result<> AddOnBus(Device device, const DeviceSpec& spec, int index);
    vim::Result<> AddNumbered(Device device, int index, int base, int most, int controller, int first_unit);
    vim::Result<Slot> ChooseSlot(const vim::VirtualDevice& device, int index, bool cdrom);
    vim::Result<> TakeDiskFile(vim::VirtualDisk& disk, const DeviceSpec& spec, int index, const Slot& slot);
    vim::Result<> TakeImage(Device& device, int index);
    vim::Result<> TakeNic(vim::VirtualEthernetCard& nic, int index, const vim::VirtualEthernetCard* before);
    vim::Result<> EditDisk(Device& now, const DeviceSpec& spec, int index);
    vim::Result<> EditCdrom(Device& now, const DeviceSpec& spec, int index);
    vim::Result<> EditNic(Device& now, const DeviceSpec& spec, int index);
    std::string FreshDiskName(std::string_view folder_text);

    const Situation& s_;
    Change& change_;
    Devices& devices_;
    std::map<int, int> keys_;            // the client's temporary keys -> ours
};

bool IsCdrom(const vim::VirtualDevice& d) { return d.type().IsA(vim::VirtualCdrom::kType); }

vim::Ptr<vim::VirtualDeviceConnectInfo> ConnectFor(const vim::Ptr<vim::VirtualDeviceConnectInfo>& asked) {
    vim::VirtualDeviceConnectInfo c;
    c.start_connected = asked ? asked->start_connected : true;
    c.allow_guest_control = asked ? asked->allow_guest_control : true;
    c.connected = asked && asked->connected;
    c.status = "untried";
    return c;
}

std::string_view AdapterFor(const Slot& slot, const Devices& devices) {
    if (slot.kind != BusKind::kScsi) return "ide";
    const vim::VirtualDevice* c = FindDevice(devices, slot.ControllerKey());
    return c && ScsiWord(*c) == "buslogic" ? "buslogic" : "lsilogic";
}

vim::Result<> DeviceChange::AddBus(Device device, int index, BusKind kind, std::string_view what) {
    if (s_.running) return Running(base::Cat("adding a ", what));
    const BusInfo& info = InfoOf(kind);
    int wanted = device->key, bus = device.As<vim::VirtualController>()->bus_number;
    if (bus < 0 || bus >= info.buses)
        return Bad(index, base::Cat(what, "s have bus numbers 0 to ", info.buses - 1), "device.busNumber");
    for (int tried = 0; tried < info.buses && Find(info.controller_base + bus); ++tried) bus = (bus + 1) % info.buses;
    if (Find(info.controller_base + bus))
        return vim::Fault(vim::TooManyDevices(Property(index)),
                          base::Cat("a virtual machine has at most ", info.buses, ' ', what, "s"));
    auto& c = static_cast<vim::VirtualController&>(device.Mut());
    c.device.clear();
    c.key = info.controller_base + bus;
    c.bus_number = bus;
    c.controller_key = kPciKey;
    c.unit_number = std::nullopt;
    Put(std::move(device), wanted);
    return {};
}

vim::Result<Slot> DeviceChange::ChooseSlot(const vim::VirtualDevice& device, int index, bool cdrom) {
    auto taken = [&](const Slot& slot) { return Find(slot.Key()) != nullptr; };
    if (device.controller_key) {
        int key = RealKey(*device.controller_key);
        if (!Find(key))
            return vim::Fault(vim::InvalidController(Property(index), index, key),
                              base::Cat("there is no controller with key ", key));
        if (device.unit_number && *device.unit_number >= 0) {
            std::optional<Slot> slot = SlotAt(key, *device.unit_number);
            if (!slot)
                return Bad(index, base::Cat("controller ", key, " has no place ", *device.unit_number),
                           "device.unitNumber");
            if (taken(*slot))
                return Bad(index, base::Cat(slot->Word(), " is taken by another device"), "device.unitNumber");
            return *slot;
        }
        for (int unit = 0; unit < 64; ++unit)
            if (auto slot = SlotAt(key, unit); slot && !taken(*slot)) return *slot;
        if (!SlotAt(key, 0))
            return vim::Fault(vim::InvalidController(Property(index), index, key),
                              base::Cat("no such device hangs on controller ", key));
        return vim::Fault(vim::TooManyDevices(Property(index)), base::Cat("controller ", key, " has no free place"));
    }
    for (BusKind kind : cdrom ? std::vector{BusKind::kIde, BusKind::kSata}
                              : std::vector{BusKind::kScsi, BusKind::kSata, BusKind::kIde})
        for (int bus = cdrom && kind == BusKind::kIde ? 1 : 0, n = 0; n < InfoOf(kind).buses;
             ++n, bus = (bus + 1) % InfoOf(kind).buses)
            for (int unit = 0; unit < InfoOf(kind).units; ++unit) {
                auto slot = SlotAt(InfoOf(kind).controller_base + bus, unit);
                if (slot && Find(slot->ControllerKey()) && !taken(*slot)) return *slot;
            }
    return vim::Fault(vim::MissingController(Property(index), index),
                      "there is no controller with a free place for it");
}

// A name in the folder that no other disk of the VM has: "web.vmdk", "web_1.vmdk", ...
std::string DeviceChange::FreshDiskName(std::string_view folder_text) {
    auto folder = DatastorePath::Parse(folder_text);
    DatastorePath at = folder && !folder_text.empty() ? *folder : s_.vmx_path.Folder();
    if (at.path.empty() && !s_.vmx_path.Folder().path.empty()) at.path = s_.vmx_path.Folder().path;
    std::string stem = s_.vmx_path.WithSuffix(".vmx", "").Name();
    for (int number = 0;; ++number) {
        std::string name = (at / (stem + (number ? base::Cat('_', number) : std::string()) + ".vmdk")).Text();
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
        return vim::Fault(vim::InvalidDeviceOperation(Property(index), index, Operation::kAdd, spec.file_operation),
                          "a disk is added with a new file (create) or with one that is there");
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
    if (backing.disk_mode.empty() || backing.disk_mode == "append" || backing.disk_mode == "undoable")
        backing.disk_mode = "persistent";
    if (backing.disk_mode != "persistent" && backing.disk_mode != "independent_persistent" &&
        backing.disk_mode != "independent_nonpersistent")
        return vim::Fault(vim::VirtualDiskModeNotSupported("VirtualDisk", "diskMode", backing.disk_mode),
                          base::Cat("disk mode ", backing.disk_mode, " is not possible"));
    backing.file_name = located->path.Text();
    backing.datastore = located->volume.datastore;
    backing.split = false;
    if (!backing.write_through) backing.write_through = false;
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
    change_.files.make.push_back({backing.file_name, disk.capacity_in_kb, backing.thin_provisioned.value_or(false),
                                  std::string(AdapterFor(slot, devices_))});
    return {};
}

// An ISO or floppy image must be named properly and lie on a datastore.
vim::Result<> DeviceChange::TakeImage(Device& device, int index) {
    auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>();
    if (!file || file->file_name.empty()) return {};
    auto located = Locate(s_.volumes, file->file_name);
    if (!located) return std::move(located).error();
    if (located->path.path.empty())
        return Bad(index, base::Cat(file->file_name, " names no file"), "device.backing.fileName");
    auto& backing = static_cast<vim::VirtualDeviceFileBackingInfo&>(device.Mut().backing.Mut());
    backing.file_name = located->path.Text();
    backing.datastore = located->volume.datastore;
    change_.files.attach.push_back(backing.file_name);
    return {};
}

vim::Result<> DeviceChange::AddOnBus(Device device, const DeviceSpec& spec, int index) {
    bool cdrom = IsCdrom(*device);
    if (s_.running) return Running(cdrom ? "adding a CD-ROM drive" : "adding a disk");
    auto slot = ChooseSlot(*device, index, cdrom);
    if (!slot) return std::move(slot).error();
    int wanted = device->key;
    vim::VirtualDevice& d = device.Mut();
    d.key = slot->Key();
    d.controller_key = slot->ControllerKey();
    d.unit_number = slot->unit;
    if (cdrom) {
        d.connectable = ConnectFor(d.connectable);
        CHECK(TakeImage(device, index));
    } else {
        CHECK(TakeDiskFile(static_cast<vim::VirtualDisk&>(d), spec, index, *slot));
    }
    Put(std::move(device), wanted);
    return {};
}

vim::Result<> DeviceChange::TakeNic(vim::VirtualEthernetCard& nic, int index, const vim::VirtualEthernetCard* before) {
    auto* asked = nic.backing.As<vim::VirtualEthernetCardNetworkBackingInfo>();
    if (!asked && nic.backing)
        return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index),
                          "network adapters of this host have a VirtualEthernetCardNetworkBackingInfo");
    if (!asked && before) nic.backing = before->backing;
    if (asked) {
        vim::VirtualEthernetCardNetworkBackingInfo backing = *asked;
        if (backing.device_name.empty() && backing.network) {
            constexpr std::string_view kPrefix = "HaNetwork-";
            std::string_view id = backing.network.id;
            backing.device_name = id.starts_with(kPrefix) ? id.substr(kPrefix.size()) : id;
        }
        backing.network = {&vim::Network::kType, "HaNetwork-" + backing.device_name};
        backing.use_auto_detect = false;
        auto* had = before ? before->backing.As<vim::VirtualDeviceDeviceBackingInfo>() : nullptr;
        bool same = had && had->device_name == backing.device_name;
        if (!same && s_.network_exists && !s_.network_exists(backing.network))
            return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index),
                              base::Cat("there is no network \"", backing.device_name, "\" on this host"));
        nic.backing = std::move(backing);
    }
    std::string type =
        base::Lower(nic.address_type.value_or(nic.mac_address && !nic.mac_address->empty() ? "manual" : "generated"));
    if (type != "manual" && type != "generated" && type != "assigned")
        return Bad(index, base::Cat("address type \"", type, "\" is not possible: manual, generated or assigned"),
                   "device.addressType");
    std::optional<std::string> mac = NormalMac(nic.mac_address.value_or(""));
    if (nic.mac_address && !nic.mac_address->empty() && !mac)
        return Bad(index, base::Cat("\"", *nic.mac_address, "\" is no Ethernet address of an adapter"),
                   "device.macAddress");
    if (type == "manual" && !mac) return Bad(index, "a manual address needs the address", "device.macAddress");
    bool kept = before && mac && before->mac_address == mac;
    if (type != "manual" && !kept) mac = before && before->address_type == type ? before->mac_address : std::nullopt;
    nic.address_type = type;
    nic.mac_address = mac;
    if (!nic.wake_on_lan_enabled) nic.wake_on_lan_enabled = before ? before->wake_on_lan_enabled : true;
    return {};
}

vim::Result<> DeviceChange::AddNumbered(Device device, int index, int base, int most, int controller, int first_unit) {
    if (s_.running) return Running("adding a device");
    int number = 0;
    while (number < most && Find(base + number)) ++number;
    if (number == most)
        return vim::Fault(vim::TooManyDevices(Property(index)),
                          base::Cat("a virtual machine has at most ", most, " of them"));
    int wanted = device->key;
    vim::VirtualDevice& d = device.Mut();
    d.key = base + number;
    d.controller_key = controller;
    d.unit_number = first_unit + number;
    d.connectable = ConnectFor(d.connectable);
    Put(std::move(device), wanted);
    return {};
}

vim::Result<> DeviceChange::Add(const DeviceSpec& spec, int index) {
    Device device = spec.device;
    const vim::Type& type = device->type();
    if (type.IsA(vim::VirtualSCSIController::kType)) {
        if (ScsiWord(*device).empty())
            return Bad(index, base::Cat(type.name, " is no model of a SCSI controller; take a subtype"));
        return AddBus(std::move(device), index, BusKind::kScsi, "SCSI controller");
    }
    if (type.IsA(vim::VirtualSATAController::kType))
        return AddBus(vim::Ptr<vim::VirtualAHCIController>([&] {
                          vim::VirtualAHCIController c;
                          c.key = device->key;
                          c.bus_number = device.As<vim::VirtualController>()->bus_number;
                          return c;
                      }()),
                      index, BusKind::kSata, "SATA controller");
    if (auto* ide = device.As<vim::VirtualIDEController>()) {       // there are always two
        keys_[device->key] = kIdeKey + (ide->bus_number == 1 ? 1 : 0);
        return {};
    }
    if (type.IsA(vim::VirtualDisk::kType) || type.IsA(vim::VirtualCdrom::kType))
        return AddOnBus(std::move(device), spec, index);
    if (type.IsA(vim::VirtualEthernetCard::kType)) {
        if (NicWord(*device).empty())
            return Bad(index, base::Cat(type.name, " is no model of a network adapter that this host has"));
        CHECK(TakeNic(static_cast<vim::VirtualEthernetCard&>(device.Mut()), index, nullptr));
        return AddNumbered(std::move(device), index, kNicKey, kMaxNics, kPciKey, 7);
    }
    if (type.IsA(vim::VirtualFloppy::kType)) {
        CHECK(TakeImage(device, index));
        return AddNumbered(std::move(device), index, kFloppyKey, kMaxFloppies, kSioKey, 0);
    }
    if (type.IsA(vim::VirtualUSBController::kType) || type.IsA(vim::VirtualUSBXHCIController::kType))
        return AddNumbered(std::move(device), index, type.IsA(vim::VirtualUSBController::kType) ? kUsbKey : kXhciKey, 1,
                           kPciKey, 22);
    if (device.As<vim::VirtualSerialPort>() && device->backing.As<vim::VirtualSerialPortFileBackingInfo>()) {
        auto located = Locate(s_.volumes, device->backing.As<vim::VirtualDeviceFileBackingInfo>()->file_name);
        if (!located) return std::move(located).error();
        return AddNumbered(std::move(device), index, kSerialKey, kMaxSerials, kSioKey, kMaxFloppies);
    }
    for (const Device& base_device : BaseDevices())                 // every VM has those already
        if (&base_device->type() == &type) {
            keys_[device->key] = base_device->key;
            return {};
        }
    return vim::Fault(vim::DeviceNotSupported(std::string(type.name), "device"),
                      base::Cat(type.name, " is not a device that this host gives to virtual machines"));
}

vim::Result<> DeviceChange::Remove(const DeviceSpec& spec, int index) {
    int key = spec.device->key;
    Device* device = Find(key);
    if (!device)
        return vim::Fault(vim::DeviceNotFound(Property(index), index), base::Cat("there is no device with key ", key));
    if (IsBaseDevice(key))
        return Bad(index, base::Cat((*device)->device_info->label, " is part of every virtual machine"));
    if (s_.running)
        return Running(base::Cat("removing ", (*device)->device_info ? (*device)->device_info->label : "a device"));
    std::vector<int> gone{key};
    if (auto* controller = device->As<vim::VirtualController>())
        for (const Device& d : devices_)
            if (d->controller_key == controller->key) gone.push_back(d->key);
    for (int one : gone) {
        auto* file = (*Find(one))->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
        if (file && spec.file_operation == FileOperation::kDestroy) change_.files.remove.push_back(file->file_name);
        std::erase_if(devices_, [&](const Device& d) { return d->key == one; });
    }
    return {};
}

vim::Result<> DeviceChange::EditDisk(Device& now, const DeviceSpec& spec, int index) {
    auto* asked = spec.device.As<vim::VirtualDisk>();
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
    if (kb > before->capacity_in_kb) {
        if (s_.running) return Running("growing a disk");
        change_.files.extend.push_back({file->file_name, kb});
    }
    if (new_file && !new_file->disk_mode.empty() && new_file->disk_mode != file->disk_mode) {
        if (s_.running) return Running("changing the mode of a disk");
        static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(now.Mut().backing.Mut()).disk_mode = new_file->disk_mode;
    }
    return {};
}

vim::Result<> DeviceChange::EditCdrom(Device& now, const DeviceSpec& spec, int index) {
    if (spec.device->backing) now.Mut().backing = spec.device->backing;
    if (spec.device->connectable) now.Mut().connectable = ConnectFor(spec.device->connectable);
    CHECK(TakeImage(now, index));
    if (!s_.running) return {};
    auto* iso = now->backing.As<vim::VirtualCdromIsoBackingInfo>();
    bool in = iso && now->connectable && now->connectable->connected;
    change_.live.media.push_back({now->key, in ? iso->file_name : std::string()});
    return {};
}

vim::Result<> DeviceChange::EditNic(Device& now, const DeviceSpec& spec, int index) {
    auto* before = now.As<vim::VirtualEthernetCard>();
    if (&spec.device->type() != &now->type() && &spec.device->type() != &vim::VirtualEthernetCard::kType)
        return Bad(index, base::Cat("a ", now->type().name, " cannot become a ", spec.device->type().name,
                                    "; remove it and add the other"));
    Device edited = now;
    auto& nic = static_cast<vim::VirtualEthernetCard&>(edited.Mut());
    auto* asked = spec.device.As<vim::VirtualEthernetCard>();
    nic.backing = asked->backing;
    if (asked->address_type) nic.address_type = asked->address_type;
    if (asked->mac_address) nic.mac_address = asked->mac_address;
    if (asked->wake_on_lan_enabled) nic.wake_on_lan_enabled = asked->wake_on_lan_enabled;
    CHECK(TakeNic(nic, index, before));
    bool moved = !(nic.backing == before->backing), addressed = nic.mac_address != before->mac_address;
    if (s_.running && (moved || addressed)) return Running("giving a network adapter another network or address");
    if (asked->connectable) {
        nic.connectable = ConnectFor(asked->connectable);
        if (s_.running) change_.live.links.push_back({now->key, asked->connectable->connected});
    }
    now = std::move(edited);
    return {};
}

vim::Result<> DeviceChange::Edit(const DeviceSpec& spec, int index) {
    Device* now = Find(spec.device->key);
    if (!now)
        return vim::Fault(vim::DeviceNotFound(Property(index), index),
                          base::Cat("there is no device with key ", spec.device->key));
    auto both = [&](const vim::Type& type) { return (*now)->type().IsA(type) && spec.device->type().IsA(type); };
    if (both(vim::VirtualDisk::kType)) return EditDisk(*now, spec, index);
    if (both(vim::VirtualCdrom::kType)) return EditCdrom(*now, spec, index);
    if (both(vim::VirtualEthernetCard::kType)) return EditNic(*now, spec, index);
    if (both(vim::VirtualFloppy::kType)) {
        if (s_.running) return Running("changing a floppy drive");
        if (spec.device->backing) now->Mut().backing = spec.device->backing;
        return TakeImage(*now, index);
    }
    if (both(vim::VirtualSCSIController::kType) && &spec.device->type() == &(*now)->type()) {
        if (s_.running) return Running("changing a SCSI controller");
        static_cast<vim::VirtualSCSIController&>(now->Mut()).shared_bus =
            spec.device.As<vim::VirtualSCSIController>()->shared_bus;
        return {};
    }
    if (&spec.device->type() == &(*now)->type() && !(*now)->type().IsA(vim::VirtualController::kType) &&
        spec.device == *now)
        return {};
    if (IsBaseDevice(spec.device->key)) return {};        // nothing about those can be set here
    return Bad(index, base::Cat("nothing about a ", (*now)->type().name, " can be changed"));
}

}  // namespace

vim::Result<> ApplyDevices(const Spec& spec, const Situation& situation, Change& change) {
    DeviceChange devices(situation, change);
    // Controllers first: what hangs on them may come before them in the list.
    for (bool controllers : {true, false}) {
        int index = -1;
        for (const auto& one : spec.device_change) {
            ++index;
            if (!one->device)
                return vim::Fault(
                    vim::InvalidDeviceSpec(base::Cat("configSpec.deviceChange[", index, "].device"), index),
                    "the device is missing");
            if (one->device->type().IsA(vim::VirtualController::kType) != controllers) continue;
            Operation op = one->operation.value_or(Operation::kEdit);
            if (op == Operation::kAdd) CHECK(devices.Add(*one, index));
            if (op == Operation::kRemove) CHECK(devices.Remove(*one, index));
            if (op == Operation::kEdit) CHECK(devices.Edit(*one, index));
        }
    }
    CompleteDevices(change.config.hardware.Mut().device);
    return {};
}

}  // namespace vm
