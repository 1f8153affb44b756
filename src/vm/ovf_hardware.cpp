// Items of a VirtualHardwareSection as devices.
#include <map>

#include "base/text.h"
#include "vim/gen/host_network.h"
#include "vm/lease.h"
#include "vm/ovf.h"

namespace vm {
namespace {

namespace ovf = codec::ovf;
using ovf::Item;

using Controller = vim::Ptr<vim::VirtualController>;

struct Bus {
    int key = 0;
    int number = 0;
    int units = 0, reserved = -1;
    std::vector<bool> taken;
};

class Hardware {
public:
    Hardware(const ovf::Envelope& e, const OvfChoices& choices, OvfMachine& machine, OvfFindings& findings)
        : e_(e), choices_(choices), m_(machine), f_(findings) {}
    void Add(const std::vector<Item>& items);

private:
    void AddProcessors(const Item& item);
    void AddMemory(const Item& item);
    bool AddController(const Item& item);
    void AddCard(const Item& item);
    void AddDisk(const Item& item);
    void AddDrive(const Item& item);
    void AddOther(const Item& item);
    void AddItem(const Item& item);
    void CheckSettings(const Item& item);
    std::optional<std::int64_t> CapacityOf(const ovf::Disk& disk);
    std::string NetworkFor(const Item& item);

    void UnsupportedType(const Item& item) {
        f_.Tell(item.required,
                vim::Fault(vim::OvfUnsupportedType(std::nullopt, item.name, item.instance, item.type),
                           base::Cat("this host has no device of type ", item.type, " for \"", item.name, "\" (item ",
                                     item.instance, ")", item.required ? "" : "; it is left out")));
    }
    void UnsupportedSubType(const Item& item) {
        f_.Tell(item.required,
                vim::Fault(
                    vim::OvfUnsupportedSubType(std::nullopt, "ResourceSubType", item.instance, item.type, item.subtype),
                    base::Cat("this host has no \"", item.subtype, "\" for \"", item.name, "\" (item ", item.instance,
                              ")", item.required ? "" : "; it is left out")));
    }
    void BadValue(const Item& item, std::string name, std::string value, std::string words) {
        vim::OvfElementInvalidValue fault;
        fault.name = std::move(name);
        fault.value = std::move(value);
        f_.Error(vim::Fault(std::move(fault), base::Cat("item ", item.instance, ": ", words)));
    }
    // A device that is added, with a key of the package's own.
    template <class D> int Put(D device, bool make_file = false) {
        device.key = next_key_--;
        int key = device.key;
        vim::VirtualDeviceConfigSpec spec;
        spec.operation = vim::VirtualDeviceConfigSpecOperation::kAdd;
        if (make_file) spec.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kCreate;
        spec.device = vim::Ptr<vim::VirtualDevice>(std::move(device));
        m_.spec.device_change.push_back(std::move(spec));
        return key;
    }
    template <class D> void Connect(D& device, const Item& item) {
        vim::VirtualDeviceConnectInfo c;
        c.start_connected = item.automatic;
        c.connected = item.automatic;
        c.allow_guest_control = true;
        device.connectable = std::move(c);
    }
    template <class D> bool Hang(D& device, const Item& item);
    std::string FileId(const std::string& place) const { return base::Cat('/', choices_.name, '/', place); }
    std::string PlaceOf(int key) const;
    void WantFile(const ovf::File& file, int device_key, int cim, bool create, std::optional<std::int64_t> size);

    const ovf::Envelope& e_;
    const OvfChoices& choices_;
    OvfMachine& m_;
    OvfFindings& f_;
    std::map<std::string, Bus> buses_;                   // by InstanceID
    std::map<std::string, int> numbers_;                 // kind of controller -> how many
    int next_key_ = -100;
};

void Hardware::AddProcessors(const Item& item) {
    if (item.quantity) m_.spec.num_cp_us = static_cast<int>(std::clamp<std::int64_t>(*item.quantity, 0, 1 << 16));
    if (item.cores_per_socket)
        m_.spec.num_cores_per_socket = static_cast<int>(std::clamp<std::int64_t>(*item.cores_per_socket, 0, 1 << 16));
    vim::ResourceAllocationInfo a;
    a.reservation = item.reservation;
    a.limit = item.limit;
    if (item.reservation || item.limit) m_.spec.cpu_allocation = std::move(a);
}

void Hardware::AddMemory(const Item& item) {
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

bool Is(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return base::EqualNoCase(w, word); });
}

// True: it was one.
bool Hardware::AddController(const Item& item) {
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
        if (Is(first, {"lsilogic", "lsilogicscsi"})) add(shared(vim::VirtualLsiLogicController()), "scsi", 16, 7);
        else if (Is(first, {"lsilogicsas"})) add(shared(vim::VirtualLsiLogicSASController()), "scsi", 16, 7);
        else if (Is(first, {"virtualscsi", "pvscsi"})) add(shared(vim::ParaVirtualSCSIController()), "scsi", 16, 7);
        else if (Is(first, {"buslogic"})) add(shared(vim::VirtualBusLogicController()), "scsi", 16, 7);
        else return false;
        return true;
    }
    if (item.type != ovf::kOtherStorage) return false;
    if (Is(item.subtype, {"vmware.sata.ahci", "ahci"})) {
        add(vim::VirtualAHCIController(), "sata", 30, -1);
        return true;
    }
    const vim::Type* nvme =
        Is(item.subtype, {"vmware.nvme.controller", "nvme"}) ? vim::FindType("VirtualNVMEController") : nullptr;
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

std::string Hardware::NetworkFor(const Item& item) {
    std::string wanted = item.connections.empty() ? std::string() : item.connections.front();
    for (const auto& [from, to] : choices_.networks)
        if (from == wanted) return to;
    if (std::find(choices_.host_networks.begin(), choices_.host_networks.end(), wanted) != choices_.host_networks.end())
        return wanted;
    if (choices_.any_network.empty()) {
        f_.Error(vim::Fault(vim::OvfNoHostNic(),
                            base::Cat("network \"", wanted, "\" is not mapped, and this host has none")));
        return {};
    }
    vim::OvfUnsupportedElementValue fault;
    fault.name = "Connection";
    fault.value = wanted;
    f_.Warn(vim::Fault(std::move(fault), base::Cat("network \"", wanted, "\" is not mapped; \"", choices_.any_network,
                                                   "\" takes its place")));
    return choices_.any_network;
}

void Hardware::AddCard(const Item& item) {
    vim::Ptr<vim::VirtualEthernetCard> card;
    std::string words = item.subtype.empty() ? "E1000" : item.subtype;
    for (std::string_view word : base::Split(words, ' ')) {
        if (Is(word, {"e1000", "e1000e", "vmxnet", "vmxnet2", "vmxnet3"})) card = NicFromWord(word, false);
        else if (Is(word, {"pcnet32"})) card = NicFromWord("vlance", false);
        if (card) break;
    }
    if (!card) {
        UnsupportedSubType(item);
        return;
    }
    std::string network = NetworkFor(item);
    auto& c = card.Mut();
    vim::VirtualEthernetCardNetworkBackingInfo backing;
    backing.device_name = network;
    if (!network.empty()) backing.network = vim::Ref{&vim::Network::kType, "HaNetwork-" + network};
    c.backing = std::move(backing);
    c.address_type = "generated";
    for (const ovf::Setting& s : item.config)
        if (s.key == "wakeOnLanEnabled") c.wake_on_lan_enabled = s.value == "true";
    Connect(c, item);
    c.key = next_key_--;
    vim::VirtualDeviceConfigSpec spec;
    spec.operation = vim::VirtualDeviceConfigSpecOperation::kAdd;
    spec.device = card;
    m_.spec.device_change.push_back(std::move(spec));
}

// Onto its controller, where the item says or where there is room.
template <class D> bool Hardware::Hang(D& device, const Item& item) {
    if (item.parent.empty()) return true;                // any will do
    auto found = buses_.find(item.parent);
    if (found == buses_.end()) {
        BadValue(item, "Parent", item.parent, base::Cat("there is no controller ", item.parent));
        return false;
    }
    Bus& bus = found->second;
    auto wanted = base::ToInt(item.address_on_parent);
    int unit = wanted ? static_cast<int>(std::clamp<std::int64_t>(*wanted, -1, 1 << 16)) : 0;
    while (!wanted && unit < bus.units && (unit == bus.reserved || bus.taken[static_cast<std::size_t>(unit)])) ++unit;
    if (unit < 0 || unit >= bus.units || unit == bus.reserved || bus.taken[static_cast<std::size_t>(unit)]) {
        BadValue(
            item, "AddressOnParent", item.address_on_parent,
            base::Cat("controller ", item.parent, " has no free place ", wanted ? base::Cat(unit) : std::string()));
        return false;
    }
    bus.taken[static_cast<std::size_t>(unit)] = true;
    device.controller_key = bus.key;
    device.unit_number = unit;
    return true;
}

std::string Hardware::PlaceOf(int key) const {
    Devices all = BaseDevices();
    const vim::VirtualDevice* device = nullptr;
    for (const auto& change : m_.spec.device_change) {
        all.push_back(change->device);
        if (change->device->key == key) device = change->device.get();
    }
    return device ? PlaceWord(all, *device) : std::string();
}

void Hardware::WantFile(const ovf::File& file, int device_key, int cim, bool create, std::optional<std::int64_t> size) {
    vim::OvfFileItem item;
    item.device_id = FileId(PlaceOf(device_key));
    item.path = file.href;
    if (!file.compression.empty()) item.compression_method = file.compression;
    item.chunk_size = file.chunk_size;
    item.size = size;
    item.cim_type = cim;
    item.create = create;
    m_.files.push_back(std::move(item));
}

std::optional<std::int64_t> Hardware::CapacityOf(const ovf::Disk& disk) {
    std::string text = disk.capacity;
    if (text.starts_with("${") && text.ends_with("}")) {
        std::string key = text.substr(2, text.size() - 3);
        text = choices_.property ? choices_.property(key).value_or("") : std::string();
    }
    auto number = base::ToInt(text);
    std::uint64_t bytes = 0;
    if (!number || *number < 0 || __builtin_mul_overflow(static_cast<std::uint64_t>(*number), disk.unit, &bytes) ||
        bytes > 1ull << 56) {
        vim::OvfInvalidValue fault;
        fault.element_name = "Disk";
        fault.attribute_name = "capacity";
        fault.value = disk.capacity;
        f_.Error(vim::Fault(std::move(fault), base::Cat("disk ", disk.id, ": \"", disk.capacity, "\" is no capacity")));
        return std::nullopt;
    }
    return static_cast<std::int64_t>(bytes);
}

void Hardware::AddDisk(const Item& item) {
    const ovf::Disk* disk = nullptr;
    for (const std::string& resource : item.resources) {
        std::string_view text = resource;
        if (text.starts_with("ovf:")) text.remove_prefix(4);
        if (text.starts_with("/disk/")) disk = e_.FindDisk(text.substr(6));
    }
    if (!disk) {
        std::string resource = item.resources.empty() ? std::string() : item.resources.front();
        BadValue(item, "HostResource", resource, base::Cat("\"", resource, "\" is no disk of the package"));
        return;
    }
    const ovf::File* file = disk->file.empty() ? nullptr : e_.FindFile(disk->file);
    auto unsupported = [&](std::string attribute, std::string value, std::string words) {
        vim::OvfUnsupportedAttributeValue fault;
        fault.element_name = "Disk";
        fault.attribute_name = std::move(attribute);
        fault.value = std::move(value);
        f_.Error(vim::Fault(std::move(fault), base::Cat("disk ", disk->id, ": ", words)));
    };
    if (!disk->parent.empty())
        return unsupported("parentRef", disk->parent, "disks that are changes to another one are not supported");
    if (file && !disk->format.empty() && base::Lower(disk->format).find("vmdk") == std::string::npos)
        return unsupported("format", disk->format, "only stream-optimised VMDK disks are supported");
    auto bytes = CapacityOf(*disk);
    if (!bytes) return;
    vim::VirtualDisk device;
    device.capacity_in_bytes = *bytes;
    device.capacity_in_kb = (*bytes + 1023) / 1024;
    vim::VirtualDiskFlatVer2BackingInfo backing;
    backing.disk_mode = "persistent";
    bool thin = Is(choices_.provisioning, {"thin", "sparse"});
    backing.thin_provisioned = thin;
    if (Is(choices_.provisioning, {"eagerZeroedThick"})) backing.eagerly_scrub = true;
    for (const ovf::Setting& s : item.config)
        if (s.key == "backing.writeThrough") backing.write_through = s.value == "true";
    device.backing = std::move(backing);
    if (!Hang(device, item)) return;
    int key = Put(std::move(device), true);
    if (file) WantFile(*file, key, ovf::kDisk, false, file->size);
}

void Hardware::AddDrive(const Item& item) {
    vim::VirtualCdrom drive;
    const ovf::File* file = nullptr;
    for (const std::string& resource : item.resources) {
        std::string_view text = resource;
        if (text.starts_with("ovf:")) text.remove_prefix(4);
        if (!text.starts_with("/file/")) continue;
        file = e_.FindFile(text.substr(6));
        if (!file)
            return BadValue(item, "HostResource", resource, base::Cat("\"", resource, "\" is no file of the package"));
    }
    Item connected = item;
    if (file) {
        vim::VirtualCdromIsoBackingInfo backing;
        backing.file_name = file->href.substr(file->href.rfind('/') + 1);
        drive.backing = std::move(backing);
    } else {
        vim::VirtualCdromRemotePassthroughBackingInfo backing;
        backing.exclusive = false;
        drive.backing = std::move(backing);
        connected.automatic = false;                     // there is nothing in it
    }
    Connect(drive, connected);
    if (!Hang(drive, item)) return;
    int key = Put(std::move(drive));
    if (file) WantFile(*file, key, ovf::kCdrom, true, file->size);
}

void Hardware::AddOther(const Item& item) {
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
        if (Is(item.subtype, {"vmware.usb.xhci"})) Put(vim::VirtualUSBXHCIController());
        else if (item.subtype.empty() || Is(item.subtype, {"vmware.usb.ehci"})) Put(vim::VirtualUSBController());
        else UnsupportedSubType(item);
        return;
    }
    // Every VM has these.
    if (item.type == ovf::kVideo) return;
    if (item.type == ovf::kOther &&
        Is(item.subtype, {"vmware.vmci", "vmware.keyboard", "vmware.pointingdevice", "vmware.precisionclock"}))
        return;
    if (item.type == ovf::kOther && !item.subtype.empty()) return UnsupportedSubType(item);
    UnsupportedType(item);
}

void Hardware::CheckSettings(const Item& item) {
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

void Hardware::AddItem(const Item& item) {
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

void Hardware::Add(const std::vector<Item>& items) {
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

}  // namespace

void AddHardware(const ovf::Envelope& e, const ovf::Hardware& hardware, const OvfChoices& choices, OvfMachine& machine,
                 OvfFindings& findings) {
    Hardware h(e, choices, machine, findings);
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
