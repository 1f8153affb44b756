// Items of a VirtualHardwareSection as devices.
#include "vm/ovf_items.h"

namespace vm {
void OvfItems::AddProcessors(const Item& item) {
    if (item.quantity) m_.spec.num_cp_us = static_cast<int>(std::clamp<std::int64_t>(*item.quantity, 0, 1 << 16));
    if (item.cores_per_socket)
        m_.spec.num_cores_per_socket = static_cast<int>(std::clamp<std::int64_t>(*item.cores_per_socket, 0, 1 << 16));
    vim::ResourceAllocationInfo a;
    a.reservation = item.reservation;
    a.limit = item.limit;
    if (item.reservation || item.limit) m_.spec.cpu_allocation = std::move(a);
}

void OvfItems::AddMemory(const Item& item) {
    auto unit = item.units.empty() ? std::optional<std::uint64_t>(1 << 20) : ovf::UnitOf(item.units);
    std::uint64_t bytes = 0;
    if (!unit || !item.quantity || *item.quantity < 0 ||
        __builtin_mul_overflow(static_cast<std::uint64_t>(*item.quantity), *unit, &bytes)) {
        BadValue(item, "VirtualQuantity", base::Cat(item.quantity.value_or(0)), "that is no size of a memory");
        return;
    }
    m_.spec.memory_mb = static_cast<std::int64_t>((bytes + (1 << 20) - 1) >> 20);
    vim::ResourceAllocationInfo a;
    if (item.reservation)
        a.reservation =
            static_cast<std::int64_t>(static_cast<double>(*item.reservation) * static_cast<double>(*unit) / (1 << 20));
    if (item.limit)
        a.limit = static_cast<std::int64_t>(static_cast<double>(*item.limit) * static_cast<double>(*unit) / (1 << 20));
    if (item.reservation || item.limit) m_.spec.memory_allocation = std::move(a);
}

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return base::EqualNoCase(w, word); });
}

// True: it was one.
bool OvfItems::AddController(const Item& item) {
    auto add = [&](auto controller, const std::string& kind, int units, int reserved) {
        Bus bus;
        bus.number = numbers_[kind]++;
        bus.units = units;
        bus.reserved = reserved;
        bus.taken.resize(static_cast<std::size_t>(units));
        controller.bus_number = bus.number;
        bus.key = Put(std::move(controller));
        buses_[item.instance] = std::move(bus);
    };
    if (item.type == ovf::kIde) {
        add(vim::VirtualIDEController(), "ide", 2, -1);
        if (auto number = base::ToInt(item.address); number && (*number == 0 || *number == 1)) {
            auto& spec = m_.spec.device_change.back().Mut();
            static_cast<vim::VirtualController&>(spec.device.Mut()).bus_number = static_cast<int>(*number);
            buses_[item.instance].number = static_cast<int>(*number);
        }
        return true;
    }
    if (item.type == ovf::kScsi) {
        // Several may be named, the best first.
        std::string first = item.subtype.empty() ? "lsilogic" : item.subtype.substr(0, item.subtype.find(' '));
        auto shared = [](auto c) {
            c.shared_bus = vim::VirtualSCSISharing::kNoSharing;
            return c;
        };
        if (IsOneOf(first, {"lsilogic", "lsilogicscsi"})) add(shared(vim::VirtualLsiLogicController()), "scsi", 16, 7);
        else if (IsOneOf(first, {"lsilogicsas"})) add(shared(vim::VirtualLsiLogicSASController()), "scsi", 16, 7);
        else if (IsOneOf(first, {"virtualscsi", "pvscsi"}))
            add(shared(vim::ParaVirtualSCSIController()), "scsi", 16, 7);
        else if (IsOneOf(first, {"buslogic"})) add(shared(vim::VirtualBusLogicController()), "scsi", 16, 7);
        else return false;
        return true;
    }
    if (item.type != ovf::kOtherStorage) return false;
    if (IsOneOf(item.subtype, {"vmware.sata.ahci", "ahci"})) {
        add(vim::VirtualAHCIController(), "sata", 30, -1);
        return true;
    }
    const vim::Type* nvme =
        IsOneOf(item.subtype, {"vmware.nvme.controller", "nvme"}) ? vim::FindType("VirtualNVMEController") : nullptr;
    if (!nvme || !nvme->make) return false;
    Bus bus;
    bus.number = numbers_["nvme"]++;
    bus.units = 15;
    bus.taken.resize(15);
    bus.key = next_key_--;
    auto device = vim::Ptr<vim::VirtualDevice>::Adopt(static_cast<vim::VirtualDevice*>(nvme->make()));
    device.Mut().key = bus.key;
    static_cast<vim::VirtualController&>(device.Mut()).bus_number = bus.number;
    vim::VirtualDeviceConfigSpec spec;
    spec.operation = vim::VirtualDeviceConfigSpecOperation::kAdd;
    spec.device = std::move(device);
    m_.spec.device_change.push_back(std::move(spec));
    buses_[item.instance] = std::move(bus);
    return true;
}

void OvfItems::AddOther(const Item& item) {
    if (item.type == ovf::kFloppy) {
        vim::VirtualFloppy floppy;
        vim::VirtualFloppyRemoteDeviceBackingInfo backing;
        floppy.backing = std::move(backing);
        Item off = item;
        off.automatic = false;
        Connect(floppy, off);
        Put(std::move(floppy));
        return;
    }
    if (item.type == ovf::kUsb) {
        if (IsOneOf(item.subtype, {"vmware.usb.xhci"})) Put(vim::VirtualUSBXHCIController());
        else if (item.subtype.empty() || IsOneOf(item.subtype, {"vmware.usb.ehci"})) Put(vim::VirtualUSBController());
        else UnsupportedSubType(item);
        return;
    }
    // Every VM has these.
    if (item.type == ovf::kVideo) return;
    if (item.type == ovf::kOther &&
        IsOneOf(item.subtype, {"vmware.vmci", "vmware.keyboard", "vmware.pointingdevice", "vmware.precisionclock"}))
        return;
    if (item.type == ovf::kOther && !item.subtype.empty()) return UnsupportedSubType(item);
    UnsupportedType(item);
}

void OvfItems::CheckSettings(const Item& item) {
    for (const ovf::Setting& s : item.config) {
        static constexpr std::string_view kKnown[] = {"slotInfo.",
                                                      "connectable.",
                                                      "backing.",
                                                      "wakeOnLanEnabled",
                                                      "useAutoDetect",
                                                      "videoRamSizeInKB",
                                                      "enable3DSupport",
                                                      "use3dRenderer",
                                                      "graphicsMemorySizeInKB",
                                                      "numDisplays",
                                                      "autoConnectDevices",
                                                      "ehciEnabled",
                                                      "allowUnrestrictedCommunication",
                                                      "uptCompatibilityEnabled",
                                                      "resourceAllocation",
                                                      "shares."};
        bool known = std::any_of(std::begin(kKnown), std::end(kKnown), [&](auto k) { return s.key.starts_with(k); });
        if (known) continue;
        vim::OvfUnsupportedElementValue fault;
        fault.name = "Config";
        fault.value = s.key;
        f_.Tell(s.required,
                vim::Fault(std::move(fault), base::Cat("item ", item.instance, ": the setting \"", s.key,
                                                       "\" is not known", s.required ? "" : "; it is left out")));
    }
}

void OvfItems::AddItem(const Item& item) {
    switch (item.type) {
        case ovf::kProcessor: return AddProcessors(item);
        case ovf::kMemory: return AddMemory(item);
        case ovf::kEthernet: return AddCard(item);
        case ovf::kDisk: return AddDisk(item);
        case ovf::kCdrom:
        case ovf::kDvd: return AddDrive(item);
        default: return AddOther(item);
    }
}

void OvfItems::Add(const std::vector<Item>& items) {
    auto is_controller = [](const Item& i) {
        return i.type == ovf::kIde || i.type == ovf::kScsi || i.type == ovf::kOtherStorage;
    };
    for (const Item& item : items)
        if (is_controller(item) && !AddController(item)) UnsupportedSubType(item);
    for (const Item& item : items) {
        if (!is_controller(item)) AddItem(item);
        CheckSettings(item);
    }
}

void AddHardware(const ovf::Envelope& e, const ovf::Hardware& hardware, const OvfChoices& choices, OvfMachine& machine,
                 OvfFindings& findings) {
    OvfItems h(e, choices, machine, findings);
    std::vector<Item> items = ItemsFor(hardware, choices.option);
    bool drive = std::any_of(items.begin(), items.end(),
                             [](const Item& i) { return i.type == ovf::kCdrom || i.type == ovf::kDvd; });
    if (!hardware.transport.empty() && !drive) {         // its properties come on a CD
        Item ide, cd;
        ide.type = ovf::kIde;
        ide.instance = "bedplate-ide";
        ide.address = "1";
        cd.type = ovf::kCdrom;
        cd.instance = "bedplate-cd";
        cd.parent = ide.instance;
        bool has = false;
        for (const Item& i : items)
            if (i.type == ovf::kIde && i.address == "1") cd.parent = i.instance, has = true;
        if (!has) items.push_back(ide);
        items.push_back(cd);
    }
    h.Add(items);
}

std::vector<Item> ItemsFor(const ovf::Hardware& hardware, const std::string& option) {
    std::vector<Item> out;
    for (const Item& item : hardware.items) {
        if (!item.bound.empty() && item.bound != "normal") continue;
        if (!item.configuration.empty()) {
            bool ours = false;
            for (std::string_view word : base::Split(item.configuration, ' ')) ours |= word == option;
            if (!ours) continue;
        }
        // One that names the option goes before one for all.
        auto same = std::find_if(out.begin(), out.end(),
                                 [&](const Item& i) { return !i.instance.empty() && i.instance == item.instance; });
        if (same == out.end()) out.push_back(item);
        else if (!item.configuration.empty()) *same = item;
    }
    return out;
}

}  // namespace vm
