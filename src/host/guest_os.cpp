#include "host/guest_os.h"

#include "host/capability.h"
#include "host/make.h"

namespace host {
namespace {

using enum GuestFamily;
using enum GuestAge;

// What runs depends on what the driver inside brings along: old systems know the old
// cards, Windows brings e1000e and LSI SAS.
struct Devices {
    std::string_view disk, nic;
    int memory_mb, disk_mb;
};
Devices Recommended(const GuestRow& g) {
    if (g.family == kWindows)
        return g.age == kModern ? Devices{"VirtualLsiLogicSASController", "VirtualE1000e", 4096, 40960}
                                : Devices{"VirtualLsiLogicController", "VirtualE1000", 1024, 20480};
    if (g.family == kLinux && g.age == kModern) return {"ParaVirtualSCSIController", "VirtualVmxnet3", 2048, 16384};
    return {"VirtualLsiLogicController", "VirtualE1000", g.age == kModern ? 1024 : 512, 8192};
}

}  // namespace

std::string_view FamilyName(GuestFamily family) {
    switch (family) {
        case kLinux: return "linuxGuest";
        case kWindows: return "windowsGuest";
        case kDarwin: return "darwinGuestFamily";
        case kOther: break;
    }
    return "otherGuestFamily";
}

vim::Ptr<vim::GuestOsDescriptor> GuestDescriptor(const GuestRow& row) {
    const auto devices = Recommended(row);
    const bool wide = row.id.find("64") != std::string_view::npos || row.age == kModern;
    vim::GuestOsDescriptor d;
    d.id = row.id;
    d.family = FamilyName(row.family);
    d.full_name = row.full_name;
    d.supported_max_cp_us = kMaxVcpus;
    d.num_supported_physical_sockets = kMaxVcpus;
    d.num_supported_cores_per_socket = kMaxVcpus;
    d.supported_min_mem_mb = 4;
    d.supported_max_mem_mb = wide ? static_cast<std::int32_t>(kMaxVmMemoryMb) : 65536;
    d.recommended_mem_mb = devices.memory_mb;
    d.recommended_color_depth = 32;
    d.supported_disk_controller_list = {"ParaVirtualSCSIController",    "VirtualLsiLogicController",
                                        "VirtualLsiLogicSASController", "VirtualAHCIController",
                                        "VirtualNVMEController",        "VirtualIDEController"};
    d.recommended_scsi_controller = devices.disk;
    d.recommended_disk_controller = devices.disk;
    d.supported_num_disks = 60;
    d.recommended_disk_size_mb = devices.disk_mb;
    d.recommended_cdrom_controller = row.age == kModern ? "VirtualAHCIController" : "VirtualIDEController";
    d.supported_ethernet_card = {"VirtualVmxnet3", "VirtualE1000e", "VirtualE1000", "VirtualPCNet32"};
    d.recommended_ethernet_card = devices.nic;
    d.supports_memory_hot_add = d.supports_cpu_hot_add = row.age == GuestAge::kModern;
    d.supports_hot_plug_pci = true;
    d.supports_secure_boot = d.supports_tpm20 = wide && row.age == GuestAge::kModern;
    d.default_secure_boot = false;
    d.supports_slave_disk = true;
    d.supported_firmware = wide ? std::vector<std::string>{"bios", "efi"} : std::vector<std::string>{"bios"};
    d.recommended_firmware = "bios";
    d.supported_usb_controller_list = {"VirtualUSBController", "VirtualUSBXHCIController"};
    d.recommended_usb_controller = "VirtualUSBXHCIController";
    d.support_level = row.age == kModern ? "supported" : "legacy";
    d.supported_for_create = true;
    d.v_ram_size_in_kb = IntRange(1024, 131072, 4096);
    d.num_supported_floppy_devices = 2;
    d.supports_pvscsi_controller_for_boot = row.age == kModern;
    d.disk_uuid_enabled = row.family != kWindows;
    return d;
}

}  // namespace host
