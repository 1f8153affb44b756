// deviceChange: adding, removing and editing devices.
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
            DeviceOperation op = one->operation.value_or(DeviceOperation::kEdit);
            if (op == DeviceOperation::kAdd) CHECK(devices.Add(*one, index));
            if (op == DeviceOperation::kRemove) CHECK(devices.Remove(*one, index));
            if (op == DeviceOperation::kEdit) CHECK(devices.Edit(*one, index));
        }
    }
    CompleteDevices(change.config.hardware.Mut().device);
    return {};
}

}  // namespace vm
