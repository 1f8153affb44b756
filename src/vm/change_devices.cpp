// deviceChange: adding, removing and editing devices.
#include "host/hardware_versions.h"
#include "vm/device_change.h"

namespace vm {

vim::Ptr<vim::VirtualDeviceConnectInfo> ConnectFor(const vim::Ptr<vim::VirtualDeviceConnectInfo>& asked) {
    vim::VirtualDeviceConnectInfo c;
    c.start_connected = asked ? asked->start_connected : true;
    c.allow_guest_control = asked ? asked->allow_guest_control : true;
    c.connected = asked && asked->connected;
    c.status = "untried";
    return c;
}

DeviceChange::DeviceChange(const Spec& spec, const Situation& s, Change& change)
    : s_(s), change_(change), devices_(change.config.hardware.Mut().device) {
    for (const auto& one : spec.device_change) {
        auto* file = one->device ? one->device->backing.As<vim::VirtualDeviceFileBackingInfo>() : nullptr;
        auto located = file ? Locate(s_.volumes, file->file_name) : vim::Result<Located>(Located());
        if (file && located) named_.insert(located->path.Text());
    }
}

vim::Result<> DeviceChange::CheckHot(bool bus_can, int index, std::string_view what) const {
    if (!s_.running || (bus_can && Hot())) return {};
    if (!Hot()) return Running(what);
    return vim::Fault(
        vim::DeviceHotPlugNotSupported(Property(index), index),
        base::Cat(what, " needs the virtual machine powered off: nothing can be plugged there while it runs"));
}

// Older hardware had no such thing; its guests would not look for it.
vim::Result<> DeviceChange::CheckVersion(const vim::Type& type, int index) const {
    int since = host::SinceHardware(type.name);
    const std::string& version = change_.config.version;
    if (host::HardwareNumber(version) >= since) return {};
    std::string needed = host::HardwareKey(since);
    return vim::Fault(
        vim::DeviceUnsupportedForVmVersion(Property(index), index, version, needed),
        base::Cat("a ", type.name, " needs hardware version ", needed, "; this virtual machine has ", version));
}

vim::Result<> DeviceChange::AddNumbered(Device device, int index, int base, int most, int controller, int first_unit) {
    bool nic = base == kNicKey;
    CHECK(CheckHot(nic, index, "adding a device"));
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
    if (nic && Hot()) {
        change_.live.plug.push_back(d.key);
        change_.live.links.push_back({d.key, d.connectable->start_connected});
    }
    Put(std::move(device), wanted);
    return {};
}

// Devices that are part of a host rather than of a VM.
const char* WhyNot(const vim::Type& type) {
    if (type.IsA(vim::VirtualPCIPassthrough::kType))
        return "this host gives none of its PCI devices away; ConfigTarget.pciPassthrough lists none";
    if (type.IsA(vim::VirtualSriovEthernetCard::kType)) return "this host has no network adapter with SR-IOV to give";
    if (type.IsA(vim::VirtualUSB::kType)) return "this host gives none of its USB devices to virtual machines";
    if (type.IsA(vim::VirtualSCSIPassthrough::kType)) return "this host gives none of its SCSI devices away";
    if (type.IsA(vim::VirtualSoundCard::kType)) return "virtual machines of this host have no sound card";
    return nullptr;
}

vim::Result<> DeviceChange::Add(const DeviceSpec& spec, int index) {
    Device device = spec.device;
    const vim::Type& type = device->type();
    CHECK(CheckVersion(type, index));
    if (type.IsA(vim::VirtualBusLogicController::kType))
        return vim::Fault(vim::DeviceNotSupported(std::string(type.name), "device"),
                          "there is no BusLogic controller on this host; take LSI Logic or PVSCSI");
    if (type.IsA(vim::VirtualNVMEController::kType))
        return AddBus(std::move(device), index, BusKind::kNvme, "NVMe controller");
    if (type.IsA(vim::VirtualTPM::kType)) return AddTpm(std::move(device), index);
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
    if (type.IsA(vim::VirtualSerialPort::kType) || type.IsA(vim::VirtualParallelPort::kType))
        return AddPort(std::move(device), index);
    for (const Device& base_device : BaseDevices())                 // every VM has those already
        if (&base_device->type() == &type) {
            keys_[device->key] = base_device->key;
            return {};
        }
    if (const char* why = WhyNot(type))
        return vim::Fault(vim::DeviceNotSupported(std::string(type.name), "device"), why);
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
    std::optional<Slot> slot = SlotOf(**device);
    const vim::Type& type = (*device)->type();
    bool bus_can = type.IsA(vim::VirtualEthernetCard::kType) || type.IsA(vim::VirtualSCSIController::kType) ||
                   (slot && slot->kind == BusKind::kScsi && type.IsA(vim::VirtualDisk::kType));
    CHECK(CheckHot(bus_can, index,
                   base::Cat("removing ", (*device)->device_info ? (*device)->device_info->label : "a device")));
    std::vector<int> gone{key};
    if (auto* controller = device->As<vim::VirtualController>())
        for (const Device& d : devices_)
            if (d->controller_key == controller->key) gone.push_back(d->key);
    for (int one : gone) {
        auto* file = (*Find(one))->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
        if (file && spec.file_operation == FileOperation::kDestroy) change_.files.remove.push_back(file->file_name);
        if (Hot()) change_.live.unplug.push_back(one);
        std::erase_if(devices_, [&](const Device& d) { return d->key == one; });
    }
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
    if (both(vim::VirtualFloppy::kType)) return EditFloppy(*now, spec, index);
    if (both(vim::VirtualMachineVideoCard::kType)) return EditVideo(*now, spec, index);
    if (both(vim::VirtualSerialPort::kType) || both(vim::VirtualParallelPort::kType)) {
        const auto& asked = spec.device->connectable;
        const auto& has = (*now)->connectable;
        if (asked && s_.running && asked->connected != (has && has->connected))
            return Running("connecting or disconnecting a port (connectable.connected)");
        if (asked) now->Mut().connectable = ConnectFor(asked);
        if (!spec.device->backing || spec.device->backing == (*now)->backing) return {};
        if (s_.running) return Running("changing what is behind a port");
        now->Mut().backing = spec.device->backing;
        return TakePort(*now, index);
    }
    if (both(vim::VirtualUSBController::kType)) {
        auto* asked = spec.device.As<vim::VirtualUSBController>();
        if (asked->ehci_enabled == now->As<vim::VirtualUSBController>()->ehci_enabled) return {};
        if (s_.running) return Running("changing a USB controller");
        static_cast<vim::VirtualUSBController&>(now->Mut()).ehci_enabled = asked->ehci_enabled;
        return {};
    }
    if (both(vim::VirtualSCSIController::kType) && &spec.device->type() == &(*now)->type()) {
        if (int bus = spec.device.As<vim::VirtualController>()->bus_number;
            bus != now->As<vim::VirtualController>()->bus_number)
            return Bad(
                index,
                base::Cat("a controller keeps its bus number: add another for bus ", bus, " and move the disks there"),
                "device.busNumber");
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

vim::Result<> ApplyDevices(const Spec& spec, const Situation& situation, Change& change) {
    DeviceChange devices(spec, situation, change);
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
            DeviceOperation op = one->operation.value_or(DeviceOperation::kEdit);
            if (op == DeviceOperation::kAdd) CHECK(devices.Add(*one, index));
            if (op == DeviceOperation::kRemove) CHECK(devices.Remove(*one, index));
            if (op == DeviceOperation::kEdit) CHECK(devices.Edit(*one, index));
        }
    }
    if (FindDevice(change.config.hardware->device, kTpmKey) && change.config.firmware != "efi")
        return InvalidSpec("firmware", "a virtual machine with a TPM needs EFI firmware; remove the TPM first");
    CompleteDevices(change.config.hardware.Mut().device);
    return {};
}

}  // namespace vm
