// Cards, disks and drives of an OVF package.
#include "vim/gen/host_network.h"
#include "vm/lease.h"
#include "vm/ovf_items.h"

namespace vm {

std::string OvfItems::NetworkFor(const Item& item) {
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

void OvfItems::AddCard(const Item& item) {
    vim::Ptr<vim::VirtualEthernetCard> card;
    std::string words = item.subtype.empty() ? "E1000" : item.subtype;
    for (std::string_view word : base::Split(words, ' ')) {
        if (IsOneOf(word, {"e1000", "e1000e", "vmxnet", "vmxnet2", "vmxnet3"})) card = NicFromWord(word, false);
        else if (IsOneOf(word, {"pcnet32"})) card = NicFromWord("vlance", false);
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
template <class D> bool OvfItems::Hang(D& device, const Item& item) {
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

std::string OvfItems::PlaceOf(int key) const {
    Devices all = BaseDevices();
    const vim::VirtualDevice* device = nullptr;
    for (const auto& change : m_.spec.device_change) {
        all.push_back(change->device);
        if (change->device->key == key) device = change->device.get();
    }
    return device ? PlaceWord(all, *device) : std::string();
}

void OvfItems::WantFile(const ovf::File& file, int device_key, int cim, bool create, std::optional<std::int64_t> size) {
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

std::optional<std::int64_t> OvfItems::CapacityOf(const ovf::Disk& disk) {
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

void OvfItems::AddDisk(const Item& item) {
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
    bool thin = IsOneOf(choices_.provisioning, {"thin", "sparse"});
    backing.thin_provisioned = thin;
    if (IsOneOf(choices_.provisioning, {"eagerZeroedThick"})) backing.eagerly_scrub = true;
    for (const ovf::Setting& s : item.config)
        if (s.key == "backing.writeThrough") backing.write_through = s.value == "true";
    device.backing = std::move(backing);
    if (!Hang(device, item)) return;
    int key = Put(std::move(device), true);
    if (file) WantFile(*file, key, ovf::kDisk, false, file->size);
}

void OvfItems::AddDrive(const Item& item) {
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

}  // namespace vm
