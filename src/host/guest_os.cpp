#include "host/guest_os.h"

#include "host/capability.h"
#include "host/make.h"

namespace host {
namespace {

using enum GuestFamily;
using enum GuestAge;

constexpr GuestRow kGuests[] = {
    {"otherGuest64", "Other (64-bit)", kOther, kModern, 4},
    {"otherGuest", "Other (32-bit)", kOther, kOld, 4},
    {"dosGuest", "Microsoft MS-DOS", kOther, kOld, 4},
    {"netware6Guest", "Novell NetWare 6.x", kOther, kOld, 4},
    {"solaris10_64Guest", "Oracle Solaris 10 (64-bit)", kOther, kOld, 4},
    {"solaris11_64Guest", "Oracle Solaris 11 (64-bit)", kOther, kModern, 8},
    {"freebsdGuest", "FreeBSD Pre-11 versions (32-bit)", kOther, kOld, 4},
    {"freebsd64Guest", "FreeBSD Pre-11 versions (64-bit)", kOther, kOld, 4},
    {"freebsd11_64Guest", "FreeBSD 11 (64-bit)", kOther, kModern, 14},
    {"freebsd12_64Guest", "FreeBSD 12 (64-bit)", kOther, kModern, 14},
    {"freebsd13_64Guest", "FreeBSD 13 (64-bit)", kOther, kModern, 17},
    {"freebsd14_64Guest", "FreeBSD 14 or later versions (64-bit)", kOther, kModern, 20},
    {"otherLinuxGuest", "Other Linux (32-bit)", kLinux, kOld, 4},
    {"otherLinux64Guest", "Other Linux (64-bit)", kLinux, kModern, 4},
    {"other24xLinuxGuest", "Other 2.4.x Linux (32-bit)", kLinux, kOld, 4},
    {"other24xLinux64Guest", "Other 2.4.x Linux (64-bit)", kLinux, kOld, 4},
    {"other26xLinuxGuest", "Other 2.6.x Linux (32-bit)", kLinux, kOld, 4},
    {"other26xLinux64Guest", "Other 2.6.x Linux (64-bit)", kLinux, kModern, 4},
    {"other3xLinuxGuest", "Other 3.x Linux (32-bit)", kLinux, kOld, 10},
    {"other3xLinux64Guest", "Other 3.x Linux (64-bit)", kLinux, kModern, 10},
    {"other4xLinux64Guest", "Other 4.x Linux (64-bit)", kLinux, kModern, 14},
    {"other5xLinux64Guest", "Other 5.x Linux (64-bit)", kLinux, kModern, 17},
    {"other6xLinux64Guest", "Other 6.x or later Linux (64-bit)", kLinux, kModern, 20},
    {"debian5Guest", "Debian GNU/Linux 5 (32-bit)", kLinux, kOld, 4},
    {"debian5_64Guest", "Debian GNU/Linux 5 (64-bit)", kLinux, kOld, 4},
    {"debian6_64Guest", "Debian GNU/Linux 6 (64-bit)", kLinux, kOld, 8},
    {"debian7_64Guest", "Debian GNU/Linux 7 (64-bit)", kLinux, kModern, 10},
    {"debian8_64Guest", "Debian GNU/Linux 8 (64-bit)", kLinux, kModern, 11},
    {"debian9_64Guest", "Debian GNU/Linux 9 (64-bit)", kLinux, kModern, 13},
    {"debian10_64Guest", "Debian GNU/Linux 10 (64-bit)", kLinux, kModern, 14},
    {"debian11_64Guest", "Debian GNU/Linux 11 (64-bit)", kLinux, kModern, 18},
    {"debian12_64Guest", "Debian GNU/Linux 12 (64-bit)", kLinux, kModern, 20},
    {"ubuntuGuest", "Ubuntu Linux (32-bit)", kLinux, kOld, 4},
    {"ubuntu64Guest", "Ubuntu Linux (64-bit)", kLinux, kModern, 4},
    {"rhel5_64Guest", "Red Hat Enterprise Linux 5 (64-bit)", kLinux, kOld, 4},
    {"rhel6_64Guest", "Red Hat Enterprise Linux 6 (64-bit)", kLinux, kModern, 7},
    {"rhel7_64Guest", "Red Hat Enterprise Linux 7 (64-bit)", kLinux, kModern, 8},
    {"rhel8_64Guest", "Red Hat Enterprise Linux 8 (64-bit)", kLinux, kModern, 13},
    {"rhel9_64Guest", "Red Hat Enterprise Linux 9 (64-bit)", kLinux, kModern, 18},
    {"centos64Guest", "CentOS 4/5 or later (64-bit)", kLinux, kModern, 7},
    {"centos7_64Guest", "CentOS 7 (64-bit)", kLinux, kModern, 11},
    {"centos8_64Guest", "CentOS 8 (64-bit)", kLinux, kModern, 13},
    {"oracleLinux8_64Guest", "Oracle Linux 8 (64-bit)", kLinux, kModern, 13},
    {"rockylinux_64Guest", "Rocky Linux (64-bit)", kLinux, kModern, 18},
    {"almalinux_64Guest", "AlmaLinux (64-bit)", kLinux, kModern, 18},
    {"fedora64Guest", "Red Hat Fedora (64-bit)", kLinux, kModern, 10},
    {"amazonlinux2_64Guest", "Amazon Linux 2 (64-bit)", kLinux, kModern, 14},
    {"vmwarePhoton64Guest", "VMware Photon OS (64-bit)", kLinux, kModern, 13},
    {"coreos64Guest", "CoreOS Linux (64-bit)", kLinux, kModern, 11},
    {"sles11_64Guest", "SUSE Linux Enterprise 11 (64-bit)", kLinux, kModern, 4},
    {"sles12_64Guest", "SUSE Linux Enterprise 12 (64-bit)", kLinux, kModern, 10},
    {"sles15_64Guest", "SUSE Linux Enterprise 15 (64-bit)", kLinux, kModern, 14},
    {"opensuse64Guest", "SUSE openSUSE (64-bit)", kLinux, kModern, 8},
    {"winNetStandardGuest", "Microsoft Windows Server 2003 Standard (32-bit)", kWindows, kOld, 4},
    {"winNetStandard64Guest", "Microsoft Windows Server 2003 Standard (64-bit)", kWindows, kOld, 4},
    {"winXPProGuest", "Microsoft Windows XP Professional (32-bit)", kWindows, kOld, 4},
    {"winLonghorn64Guest", "Microsoft Windows Server 2008 (64-bit)", kWindows, kOld, 4},
    {"windows7Guest", "Microsoft Windows 7 (32-bit)", kWindows, kOld, 7},
    {"windows7_64Guest", "Microsoft Windows 7 (64-bit)", kWindows, kModern, 7},
    {"windows7Server64Guest", "Microsoft Windows Server 2008 R2 (64-bit)", kWindows, kModern, 7},
    {"windows8_64Guest", "Microsoft Windows 8.x (64-bit)", kWindows, kModern, 8},
    {"windows8Server64Guest", "Microsoft Windows Server 2012 (64-bit)", kWindows, kModern, 8},
    {"windows9_64Guest", "Microsoft Windows 10 (64-bit)", kWindows, kModern, 10},
    {"windows9Server64Guest", "Microsoft Windows Server 2016 or later (64-bit)", kWindows, kModern, 10},
    {"windows2019srv_64Guest", "Microsoft Windows Server 2019 (64-bit)", kWindows, kModern, 17},
    {"windows2019srvNext_64Guest", "Microsoft Windows Server 2022 (64-bit)", kWindows, kModern, 18},
};

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

std::span<const GuestRow> GuestRows() { return kGuests; }

const GuestRow* FindGuest(std::string_view id) {
    for (const auto& g : kGuests)
        if (g.id == id) return &g;
    return nullptr;
}

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
                                        "VirtualLsiLogicSASController", "VirtualBusLogicController",
                                        "VirtualAHCIController",        "VirtualIDEController"};
    d.recommended_scsi_controller = devices.disk;
    d.recommended_disk_controller = devices.disk;
    d.supported_num_disks = 1;
    d.recommended_disk_size_mb = devices.disk_mb;
    d.recommended_cdrom_controller = row.age == kModern ? "VirtualAHCIController" : "VirtualIDEController";
    d.supported_ethernet_card = {"VirtualVmxnet3", "VirtualE1000e", "VirtualE1000", "VirtualPCNet32"};
    d.recommended_ethernet_card = devices.nic;
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
