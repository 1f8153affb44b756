#include "platform/pci_names.h"

#include "base/text.h"

namespace platform {
namespace {

struct Known {
    std::uint16_t vendor, device;
    std::string_view vendor_name, device_name;
};

// What a guest of QEMU, Firecracker or VMware sees; enough where no pci.ids is installed.
constexpr Known kKnown[] = {
    {0x1af4, 0x1000, "Red Hat, Inc.", "Virtio network device"},
    {0x1af4, 0x1001, "Red Hat, Inc.", "Virtio block device"},
    {0x1af4, 0x1041, "Red Hat, Inc.", "Virtio network device"},
    {0x1af4, 0x1042, "Red Hat, Inc.", "Virtio block device"},
    {0x1af4, 0x1044, "Red Hat, Inc.", "Virtio RNG"},
    {0x1af4, 0x1045, "Red Hat, Inc.", "Virtio memory balloon"},
    {0x1af4, 0x1048, "Red Hat, Inc.", "Virtio SCSI"},
    {0x1af4, 0x1053, "Red Hat, Inc.", "Virtio socket"},
    {0x8086, 0x100e, "Intel Corporation", "82540EM Gigabit Ethernet Controller"},
    {0x8086, 0x1237, "Intel Corporation", "440FX - 82441FX PMC [Natoma]"},
    {0x8086, 0x7010, "Intel Corporation", "82371SB PIIX3 IDE [Natoma/Triton II]"},
    {0x8086, 0x29c0, "Intel Corporation", "82G33/G31/P35/P31 Express DRAM Controller"},
    {0x15ad, 0x07b0, "VMware", "VMXNET3 Ethernet Controller"},
    {0x15ad, 0x07c0, "VMware", "PVSCSI SCSI Controller"},
};

std::string_view ClassName(std::uint32_t class_code) {
    switch (class_code >> 16) {
        case 0x01: return "Mass storage controller";
        case 0x02: return "Network controller";
        case 0x03: return "Display controller";
        case 0x04: return "Multimedia controller";
        case 0x05: return "Memory controller";
        case 0x06: return "Bridge";
        case 0x07: return "Communication controller";
        case 0x08: return "System peripheral";
        case 0x0c: return "Serial bus controller";
        default: return "Device";
    }
}

std::string_view VendorName(std::uint16_t vendor) {
    switch (vendor) {
        case 0x1022: return "Advanced Micro Devices, Inc. [AMD]";
        case 0x10de: return "NVIDIA Corporation";
        case 0x14e4: return "Broadcom Inc.";
        case 0x15ad: return "VMware";
        case 0x1af4: return "Red Hat, Inc.";
        case 0x8086: return "Intel Corporation";
        default: return {};
    }
}

std::optional<std::uint16_t> Hex4(std::string_view line) {
    if (line.size() < 6) return {};
    std::uint16_t value = 0;
    auto [end, bad] = std::from_chars(line.data(), line.data() + 4, value, 16);
    if (bad != std::errc() || end != line.data() + 4 || line.substr(4, 2) != "  ") return {};
    return value;
}

// pci.ids: "8086  Intel Corporation", below it "\t1237  440FX ...".
void NameFromFile(std::vector<PciDevice>& devices, std::string_view text) {
    std::optional<std::uint16_t> vendor;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.starts_with("C ")) break;                       // device classes follow
        if (line.empty() || line[0] == '#' || line.starts_with("\t\t")) continue;
        if (line[0] != '\t') {
            vendor = Hex4(line);
            for (auto& d : devices)
                if (vendor && d.vendor == *vendor) d.vendor_name = base::Trim(line.substr(6));
        } else if (auto device = Hex4(line.substr(1))) {
            for (auto& d : devices)
                if (vendor && d.vendor == *vendor && d.device == *device) d.device_name = base::Trim(line.substr(7));
        }
    }
}

}  // namespace

void NamePciDevices(std::vector<PciDevice>& devices, std::string_view pci_ids) {
    for (auto& d : devices) {
        d.vendor_name = VendorName(d.vendor);
        for (const auto& known : kKnown)
            if (known.vendor == d.vendor && known.device == d.device) {
                d.vendor_name = known.vendor_name;
                d.device_name = known.device_name;
            }
    }
    NameFromFile(devices, pci_ids);
    for (auto& d : devices) {
        if (d.vendor_name.empty()) d.vendor_name = "Unknown vendor";
        if (d.device_name.empty()) d.device_name = ClassName(d.class_code);
    }
}

}  // namespace platform
