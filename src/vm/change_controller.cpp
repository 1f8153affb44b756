// deviceChange: controllers, and the places on them.
#include "vm/device_change.h"
#include "vm/disk_flags.h"

namespace vm {

vim::Result<> DeviceChange::AddBus(Device device, int index, BusKind kind, std::string_view what) {
    CHECK(CheckHot(kind == BusKind::kScsi, index, base::Cat("adding a ", what)));
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
    if (Hot()) change_.live.plug.push_back(c.key);
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
            if (int places = PlacesOn(**Find(key)); slot->unit >= places)
                return Bad(index,
                           base::Cat((*Find(key))->type().name, "s of this host have the places 0 to ", places - 1),
                           "device.unitNumber");
            if (taken(*slot))
                return Bad(index, base::Cat(slot->Word(), " is taken by another device"), "device.unitNumber");
            return *slot;
        }
        for (int unit = 0; unit < PlacesOn(**Find(key)); ++unit)
            if (auto slot = SlotAt(key, unit); slot && !taken(*slot)) return *slot;
        if (!SlotAt(key, 0))
            return vim::Fault(vim::InvalidController(Property(index), index, key),
                              base::Cat("no such device hangs on controller ", key));
        return vim::Fault(vim::TooManyDevices(Property(index)), base::Cat("controller ", key, " has no free place"));
    }
    for (BusKind kind : cdrom ? std::vector{BusKind::kIde, BusKind::kSata}
                              : std::vector{BusKind::kScsi, BusKind::kSata, BusKind::kNvme, BusKind::kIde})
        for (int bus = cdrom && kind == BusKind::kIde ? 1 : 0, n = 0; n < InfoOf(kind).buses;
             ++n, bus = (bus + 1) % InfoOf(kind).buses)
            for (int unit = 0; unit < InfoOf(kind).units; ++unit) {
                auto slot = SlotAt(InfoOf(kind).controller_base + bus, unit);
                const Device* controller = slot ? Find(slot->ControllerKey()) : nullptr;
                if (controller && unit < PlacesOn(**controller) && !taken(*slot)) return *slot;
            }
    return vim::Fault(vim::MissingController(Property(index), index),
                      "there is no controller with a free place for it");
}

// To another place, when the edit of a drive names one.
vim::Result<> DeviceChange::Move(Device& now, const vim::VirtualDevice& asked, int index) {
    vim::VirtualDevice to = asked;
    if (!to.controller_key) to.controller_key = now->controller_key;
    to.controller_key = RealKey(*to.controller_key);
    bool stays = to.controller_key == now->controller_key;
    if (stays && (to.unit_number.value_or(-1) < 0 || to.unit_number == now->unit_number)) return {};
    if (s_.running) return Running("giving a drive another place (controllerKey, unitNumber)");
    auto* file = now->backing.As<DiskBacking>();
    if (file && file->parent)
        return Bad(index,
                   base::Cat(file->file_name,
                             " has snapshots or is a linked clone, and keeps its place: remove "
                             "the snapshots first"),
                   stays ? "device.unitNumber" : "device.controllerKey");
    bool cdrom = now->type().IsA(vim::VirtualCdrom::kType);
    auto slot = ChooseSlot(to, index, cdrom);
    if (!slot) return std::move(slot).error();
    if (cdrom && slot->kind == BusKind::kNvme)
        return Bad(index, "a CD-ROM drive goes on an IDE, SATA or SCSI controller", "device.controllerKey");
    int before = now->key;
    vim::VirtualDevice& d = now.Mut();
    d.key = slot->Key();
    d.controller_key = slot->ControllerKey();
    d.unit_number = slot->unit;
    if (!change_.config.boot_options) return {};
    for (auto& device : change_.config.boot_options.Mut().boot_order)
        if (auto* disk = device.As<vim::VirtualMachineBootOptionsBootableDiskDevice>();
            disk && disk->device_key == before)
            static_cast<vim::VirtualMachineBootOptionsBootableDiskDevice&>(device.Mut()).device_key = d.key;
    return {};
}

}  // namespace vm
