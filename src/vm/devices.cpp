#include "vm/devices.h"

#include <algorithm>
#include <map>

#include "base/ids.h"
#include "base/text.h"
#include "host/default_devices.h"

namespace vm {
namespace {

constexpr BusInfo kBuses[] = {
    {BusKind::kIde, "ide", 2, 2, -1, kIdeKey, 3000, 2},
    {BusKind::kScsi, "scsi", 4, 16, 7, 1000, 2000, 16},
    {BusKind::kSata, "sata", 4, 30, -1, 15000, 16000, 30},
    {BusKind::kNvme, "nvme", 4, 15, -1, 31000, 32000, 15},
};

vim::Ptr<vim::Description> Describe(std::string label, std::string summary) {
    vim::Description d;
    d.label = std::move(label);
    d.summary = std::move(summary);
    return d;
}

Devices MakeBase() {
    Devices out = host::DefaultDevices();
    vim::VirtualMachineVMCIDevice vmci;
    vmci.key = kVmciKey;
    vmci.device_info = Describe("VMCI device", "Device on the virtual machine PCI bus");
    vmci.controller_key = kPciKey;
    vmci.unit_number = 17;
    vmci.allow_unrestricted_communication = false;
    out.push_back(std::move(vmci));
    return out;
}

// "12,582,912 KB"
std::string Grouped(std::int64_t number) {
    std::string digits = base::Cat(number);
    for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
    return digits;
}

std::string BackingSummary(const vim::VirtualDevice& device, std::string_view none) {
    if (auto* uri = device.backing.As<vim::VirtualDeviceURIBackingInfo>()) return "Remote " + uri->service_uri;
    if (auto* pipe = device.backing.As<vim::VirtualDevicePipeBackingInfo>()) return "Pipe " + pipe->pipe_name;
    if (auto* file = device.backing.As<vim::VirtualDeviceFileBackingInfo>(); file && !file->file_name.empty())
        return (device.type().IsA(vim::VirtualCdrom::kType) ? "ISO " : "") + file->file_name;
    if (auto* host = device.backing.As<vim::VirtualDeviceDeviceBackingInfo>(); host && !host->device_name.empty())
        return host->device_name;
    return std::string(none);
}

struct Words {
    std::string label, summary;
};

// `number` counts the devices of its kind from 1.
std::optional<Words> WordsFor(const vim::VirtualDevice& d, std::map<std::string, int>& seen) {
    auto next = [&](const char* label) { return base::Cat(label, ' ', ++seen[label]); };
    if (auto* disk = dynamic_cast<const vim::VirtualDisk*>(&d))
        return Words{next("Hard disk"), base::Cat(Grouped(disk->capacity_in_kb), " KB")};
    if (dynamic_cast<const vim::VirtualCdrom*>(&d))
        return Words{next("CD/DVD drive"), BackingSummary(d, "Remote ATAPI")};
    if (dynamic_cast<const vim::VirtualFloppy*>(&d)) return Words{next("Floppy drive"), BackingSummary(d, "Remote")};
    if (dynamic_cast<const vim::VirtualEthernetCard*>(&d))
        return Words{next("Network adapter"), BackingSummary(d, "No network")};
    if (dynamic_cast<const vim::VirtualSerialPort*>(&d)) return Words{next("Serial port"), BackingSummary(d, "None")};
    if (dynamic_cast<const vim::VirtualParallelPort*>(&d))
        return Words{next("Parallel port"), BackingSummary(d, "None")};
    if (dynamic_cast<const vim::VirtualTPM*>(&d)) return Words{"Virtual TPM", "Trusted Platform Module 2.0"};
    if (auto* nvme = dynamic_cast<const vim::VirtualNVMEController*>(&d))
        return Words{base::Cat("NVME controller ", nvme->bus_number), "NVME controller"};
    if (auto* scsi = dynamic_cast<const vim::VirtualSCSIController*>(&d)) {
        std::string_view word = ScsiWord(*scsi);
        const char* summary = word == "pvscsi"       ? "VMware paravirtual SCSI"
                              : word == "buslogic"   ? "BusLogic"
                              : word == "lsisas1068" ? "LSI Logic SAS"
                                                     : "LSI Logic";
        return Words{base::Cat("SCSI controller ", scsi->bus_number), summary};
    }
    if (auto* sata = dynamic_cast<const vim::VirtualSATAController*>(&d))
        return Words{base::Cat("SATA controller ", sata->bus_number), "AHCI"};
    if (dynamic_cast<const vim::VirtualUSBController*>(&d)) return Words{"USB controller", "Auto connect Disabled"};
    if (dynamic_cast<const vim::VirtualUSBXHCIController*>(&d))
        return Words{"USB xHCI controller", "USB xHCI controller"};
    return std::nullopt;
}

}  // namespace

const BusInfo& InfoOf(BusKind kind) { return kBuses[static_cast<int>(kind)]; }

std::string Slot::Word() const { return base::Cat(InfoOf(kind).word, bus, ':', unit); }

std::optional<Slot> SlotAt(int controller_key, int unit) {
    for (const BusInfo& info : kBuses) {
        int bus = controller_key - info.controller_base;
        if (bus < 0 || bus >= info.buses) continue;
        if (unit < 0 || unit >= info.units || unit == info.reserved_unit) return std::nullopt;
        return Slot{info.kind, bus, unit};
    }
    return std::nullopt;
}

int PlacesOn(const vim::VirtualDevice& controller) {
    if (auto* scsi = dynamic_cast<const vim::VirtualSCSIController*>(&controller))
        return ScsiWord(*scsi) == "pvscsi" ? 16 : 7;
    if (dynamic_cast<const vim::VirtualSATAController*>(&controller)) return 6;
    if (dynamic_cast<const vim::VirtualNVMEController*>(&controller)) return 15;
    return 2;
}

std::optional<Slot> SlotOf(const vim::VirtualDevice& device) {
    if (!device.controller_key || !device.unit_number) return std::nullopt;
    return SlotAt(*device.controller_key, *device.unit_number);
}

const vim::VirtualDevice* FindDevice(const Devices& devices, int key) {
    for (const Device& d : devices)
        if (d->key == key) return d.get();
    return nullptr;
}

const Devices& BaseDevices() {
    static const Devices kBase = MakeBase();
    return kBase;
}

bool IsBaseDevice(int key) { return FindDevice(BaseDevices(), key); }

void CompleteDevices(Devices& devices) {
    std::map<std::string, int> seen;
    std::map<int, std::vector<int>> children;
    for (const Device& d : devices)
        if (d->controller_key) children[*d->controller_key].push_back(d->key);
    for (auto& [key, list] : children) std::sort(list.begin(), list.end());
    for (Device& d : devices) {
        if (auto words = WordsFor(*d, seen)) {
            auto info = Describe(std::move(words->label), std::move(words->summary));
            if (!(info == d->device_info)) d.Mut().device_info = std::move(info);
        }
        if (auto* controller = d.As<vim::VirtualController>(); controller && controller->device != children[d->key])
            static_cast<vim::VirtualController&>(d.Mut()).device = children[d->key];
    }
}

std::string_view NicWord(const vim::VirtualDevice& nic) {
    std::string_view type = nic.type().name;
    if (type == "VirtualE1000") return "e1000";
    if (type == "VirtualE1000e") return "e1000e";
    if (type == "VirtualPCNet32") return "vlance";
    if (type == "VirtualVmxnet3") return "vmxnet3";
    if (type == "VirtualVmxnet" || type == "VirtualVmxnet2") return "vmxnet";
    return {};
}

vim::Ptr<vim::VirtualEthernetCard> NicFromWord(std::string_view word, bool features) {
    if (base::EqualNoCase(word, "e1000")) return vim::VirtualE1000();
    if (base::EqualNoCase(word, "e1000e")) return vim::VirtualE1000e();
    if (base::EqualNoCase(word, "vmxnet3")) return vim::VirtualVmxnet3();
    if (base::EqualNoCase(word, "vmxnet2") || (base::EqualNoCase(word, "vmxnet") && features))
        return vim::VirtualVmxnet2();
    if (base::EqualNoCase(word, "vmxnet")) return vim::VirtualVmxnet();
    return vim::VirtualPCNet32();
}

std::string_view ScsiWord(const vim::VirtualDevice& controller) {
    std::string_view type = controller.type().name;
    if (type == "ParaVirtualSCSIController") return "pvscsi";
    if (type == "VirtualBusLogicController") return "buslogic";
    if (type == "VirtualLsiLogicSASController") return "lsisas1068";
    if (type == "VirtualLsiLogicController") return "lsilogic";
    return {};
}

vim::Ptr<vim::VirtualSCSIController> ScsiFromWord(std::string_view word) {
    if (base::EqualNoCase(word, "pvscsi")) return vim::ParaVirtualSCSIController();
    if (base::EqualNoCase(word, "buslogic")) return vim::VirtualBusLogicController();
    if (base::EqualNoCase(word, "lsisas1068")) return vim::VirtualLsiLogicSASController();
    return vim::VirtualLsiLogicController();
}

std::optional<std::string> NormalMac(std::string_view text) {
    std::string hex;
    for (std::string_view part : base::Split(base::Trim(text), text.find('-') == std::string_view::npos ? ':' : '-')) {
        if (part.size() != 2) return std::nullopt;
        hex += part;
    }
    std::optional<std::string> bytes = base::Unhex(base::Lower(hex));
    if (!bytes || bytes->size() != 6 || ((*bytes)[0] & 1) || *bytes == std::string(6, '\0')) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < 6; ++i) out += base::Cat(i ? ":" : "", base::Hex(bytes->substr(i, 1)));
    return out;
}

std::string NewMac() {
    std::string tail = base::RandomBytes(3);
    std::string out = "00:0c:29";
    for (char c : tail) out += ":" + base::Hex(std::string_view(&c, 1));
    return out;
}

}  // namespace vm
