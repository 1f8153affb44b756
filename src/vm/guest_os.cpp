#include "vm/guest_os.h"

#include "base/text.h"
#include "host/guest_os.h"

namespace vm {
namespace {

constexpr GuestOs kGuests[] = {
    {"debian5Guest", "debian5", "linuxGuest", "Debian GNU/Linux 5 (32-bit)"},
    {"debian5_64Guest", "debian5-64", "linuxGuest", "Debian GNU/Linux 5 (64-bit)"},
    {"debian6Guest", "debian6", "linuxGuest", "Debian GNU/Linux 6 (32-bit)"},
    {"debian6_64Guest", "debian6-64", "linuxGuest", "Debian GNU/Linux 6 (64-bit)"},
    {"debian7Guest", "debian7", "linuxGuest", "Debian GNU/Linux 7 (32-bit)"},
    {"debian7_64Guest", "debian7-64", "linuxGuest", "Debian GNU/Linux 7 (64-bit)"},
    {"debian8Guest", "debian8", "linuxGuest", "Debian GNU/Linux 8 (32-bit)"},
    {"debian8_64Guest", "debian8-64", "linuxGuest", "Debian GNU/Linux 8 (64-bit)"},
    {"debian9Guest", "debian9", "linuxGuest", "Debian GNU/Linux 9 (32-bit)"},
    {"debian9_64Guest", "debian9-64", "linuxGuest", "Debian GNU/Linux 9 (64-bit)"},
    {"debian10Guest", "debian10", "linuxGuest", "Debian GNU/Linux 10 (32-bit)"},
    {"debian10_64Guest", "debian10-64", "linuxGuest", "Debian GNU/Linux 10 (64-bit)"},
    {"debian11_64Guest", "debian11-64", "linuxGuest", "Debian GNU/Linux 11 (64-bit)"},
    {"debian12_64Guest", "debian12-64", "linuxGuest", "Debian GNU/Linux 12 (64-bit)"},
    {"debian4Guest", "debian4", "linuxGuest", "Debian GNU/Linux 4 (32-bit)"},
    {"debian4_64Guest", "debian4-64", "linuxGuest", "Debian GNU/Linux 4 (64-bit)"},
    {"ubuntuGuest", "ubuntu", "linuxGuest", "Ubuntu Linux (32-bit)"},
    {"ubuntu64Guest", "ubuntu-64", "linuxGuest", "Ubuntu Linux (64-bit)"},
    {"rhel3Guest", "rhel3", "linuxGuest", "Red Hat Enterprise Linux 3 (32-bit)"},
    {"rhel3_64Guest", "rhel3-64", "linuxGuest", "Red Hat Enterprise Linux 3 (64-bit)"},
    {"rhel4Guest", "rhel4", "linuxGuest", "Red Hat Enterprise Linux 4 (32-bit)"},
    {"rhel4_64Guest", "rhel4-64", "linuxGuest", "Red Hat Enterprise Linux 4 (64-bit)"},
    {"rhel5Guest", "rhel5", "linuxGuest", "Red Hat Enterprise Linux 5 (32-bit)"},
    {"rhel5_64Guest", "rhel5-64", "linuxGuest", "Red Hat Enterprise Linux 5 (64-bit)"},
    {"rhel6Guest", "rhel6", "linuxGuest", "Red Hat Enterprise Linux 6 (32-bit)"},
    {"rhel6_64Guest", "rhel6-64", "linuxGuest", "Red Hat Enterprise Linux 6 (64-bit)"},
    {"rhel7_64Guest", "rhel7-64", "linuxGuest", "Red Hat Enterprise Linux 7 (64-bit)"},
    {"rhel8_64Guest", "rhel8-64", "linuxGuest", "Red Hat Enterprise Linux 8 (64-bit)"},
    {"rhel9_64Guest", "rhel9-64", "linuxGuest", "Red Hat Enterprise Linux 9 (64-bit)"},
    {"centosGuest", "centos", "linuxGuest", "CentOS 4/5 or later (32-bit)"},
    {"centos64Guest", "centos-64", "linuxGuest", "CentOS 4/5 or later (64-bit)"},
    {"centos6Guest", "centos6", "linuxGuest", "CentOS 6 (32-bit)"},
    {"centos6_64Guest", "centos6-64", "linuxGuest", "CentOS 6 (64-bit)"},
    {"centos7_64Guest", "centos7-64", "linuxGuest", "CentOS 7 (64-bit)"},
    {"centos8_64Guest", "centos8-64", "linuxGuest", "CentOS 8 (64-bit)"},
    {"centos9_64Guest", "centos9-64", "linuxGuest", "CentOS 9 (64-bit)"},
    {"oracleLinuxGuest", "oraclelinux", "linuxGuest", "Oracle Linux 4/5 or later (32-bit)"},
    {"oracleLinux64Guest", "oraclelinux-64", "linuxGuest", "Oracle Linux 4/5 or later (64-bit)"},
    {"oracleLinux6_64Guest", "oraclelinux6-64", "linuxGuest", "Oracle Linux 6 (64-bit)"},
    {"oracleLinux7_64Guest", "oraclelinux7-64", "linuxGuest", "Oracle Linux 7 (64-bit)"},
    {"oracleLinux8_64Guest", "oraclelinux8-64", "linuxGuest", "Oracle Linux 8 (64-bit)"},
    {"oracleLinux9_64Guest", "oraclelinux9-64", "linuxGuest", "Oracle Linux 9 (64-bit)"},
    {"rockylinux_64Guest", "rockylinux-64", "linuxGuest", "Rocky Linux (64-bit)"},
    {"almalinux_64Guest", "almalinux-64", "linuxGuest", "AlmaLinux (64-bit)"},
    {"fedoraGuest", "fedora", "linuxGuest", "Fedora Linux (32-bit)"},
    {"fedora64Guest", "fedora-64", "linuxGuest", "Fedora Linux (64-bit)"},
    {"slesGuest", "sles", "linuxGuest", "SUSE Linux Enterprise 8/9 (32-bit)"},
    {"sles64Guest", "sles-64", "linuxGuest", "SUSE Linux Enterprise 8/9 (64-bit)"},
    {"sles10Guest", "sles10", "linuxGuest", "SUSE Linux Enterprise 10 (32-bit)"},
    {"sles10_64Guest", "sles10-64", "linuxGuest", "SUSE Linux Enterprise 10 (64-bit)"},
    {"sles11Guest", "sles11", "linuxGuest", "SUSE Linux Enterprise 11 (32-bit)"},
    {"sles11_64Guest", "sles11-64", "linuxGuest", "SUSE Linux Enterprise 11 (64-bit)"},
    {"sles12_64Guest", "sles12-64", "linuxGuest", "SUSE Linux Enterprise 12 (64-bit)"},
    {"sles15_64Guest", "sles15-64", "linuxGuest", "SUSE Linux Enterprise 15 (64-bit)"},
    {"opensuseGuest", "opensuse", "linuxGuest", "openSUSE (32-bit)"},
    {"opensuse64Guest", "opensuse-64", "linuxGuest", "openSUSE (64-bit)"},
    {"asianux3_64Guest", "asianux3-64", "linuxGuest", "Asianux 3 (64-bit)"},
    {"coreos64Guest", "coreos-64", "linuxGuest", "CoreOS Linux (64-bit)"},
    {"vmwarePhoton64Guest", "vmware-photon-64", "linuxGuest", "VMware Photon OS (64-bit)"},
    {"amazonlinux2_64Guest", "amazonlinux2-64", "linuxGuest", "Amazon Linux 2 (64-bit)"},
    {"other24xLinuxGuest", "other24xlinux", "linuxGuest", "Other 2.4.x Linux (32-bit)"},
    {"other24xLinux64Guest", "other24xlinux-64", "linuxGuest", "Other 2.4.x Linux (64-bit)"},
    {"other26xLinuxGuest", "other26xlinux", "linuxGuest", "Other 2.6.x Linux (32-bit)"},
    {"other26xLinux64Guest", "other26xlinux-64", "linuxGuest", "Other 2.6.x Linux (64-bit)"},
    {"other3xLinuxGuest", "other3xlinux", "linuxGuest", "Other 3.x Linux (32-bit)"},
    {"other3xLinux64Guest", "other3xlinux-64", "linuxGuest", "Other 3.x Linux (64-bit)"},
    {"other4xLinuxGuest", "other4xlinux", "linuxGuest", "Other 4.x Linux (32-bit)"},
    {"other4xLinux64Guest", "other4xlinux-64", "linuxGuest", "Other 4.x Linux (64-bit)"},
    {"other5xLinuxGuest", "other5xlinux", "linuxGuest", "Other 5.x Linux (32-bit)"},
    {"other5xLinux64Guest", "other5xlinux-64", "linuxGuest", "Other 5.x Linux (64-bit)"},
    {"other6xLinuxGuest", "other6xlinux", "linuxGuest", "Other 6.x Linux (32-bit)"},
    {"other6xLinux64Guest", "other6xlinux-64", "linuxGuest", "Other 6.x Linux (64-bit)"},
    {"otherLinuxGuest", "otherlinux", "linuxGuest", "Other Linux (32-bit)"},
    {"otherLinux64Guest", "otherlinux-64", "linuxGuest", "Other Linux (64-bit)"},
    {"winXPProGuest", "winxppro", "windowsGuest", "Microsoft Windows XP Professional (32-bit)"},
    {"winXPPro64Guest", "winxppro-64", "windowsGuest", "Microsoft Windows XP Professional (64-bit)"},
    {"winNetStandardGuest", "winnetstandard", "windowsGuest", "Microsoft Windows Server 2003 Standard (32-bit)"},
    {"winNetStandard64Guest", "winnetstandard-64", "windowsGuest", "Microsoft Windows Server 2003 Standard (64-bit)"},
    {"winNetEnterpriseGuest", "winnetenterprise", "windowsGuest", "Microsoft Windows Server 2003 (32-bit)"},
    {"winNetEnterprise64Guest", "winnetenterprise-64", "windowsGuest", "Microsoft Windows Server 2003 (64-bit)"},
    {"winVistaGuest", "winvista", "windowsGuest", "Microsoft Windows Vista (32-bit)"},
    {"winVista64Guest", "winvista-64", "windowsGuest", "Microsoft Windows Vista (64-bit)"},
    {"winLonghornGuest", "longhorn", "windowsGuest", "Microsoft Windows Server 2008 (32-bit)"},
    {"winLonghorn64Guest", "longhorn-64", "windowsGuest", "Microsoft Windows Server 2008 (64-bit)"},
    {"windows7Guest", "windows7", "windowsGuest", "Microsoft Windows 7 (32-bit)"},
    {"windows7_64Guest", "windows7-64", "windowsGuest", "Microsoft Windows 7 (64-bit)"},
    {"windows7Server64Guest", "windows7srv-64", "windowsGuest", "Microsoft Windows Server 2008 R2 (64-bit)"},
    {"windows8Guest", "windows8", "windowsGuest", "Microsoft Windows 8.x (32-bit)"},
    {"windows8_64Guest", "windows8-64", "windowsGuest", "Microsoft Windows 8.x (64-bit)"},
    {"windows8Server64Guest", "windows8srv-64", "windowsGuest", "Microsoft Windows Server 2012 (64-bit)"},
    {"windows9Guest", "windows9", "windowsGuest", "Microsoft Windows 10 (32-bit)"},
    {"windows9_64Guest", "windows9-64", "windowsGuest", "Microsoft Windows 10 (64-bit)"},
    {"windows9Server64Guest", "windows9srv-64", "windowsGuest", "Microsoft Windows Server 2016 (64-bit)"},
    {"windows11_64Guest", "windows11-64", "windowsGuest", "Microsoft Windows 11 (64-bit)"},
    {"windows2019srv_64Guest", "windows2019srv-64", "windowsGuest", "Microsoft Windows Server 2019 (64-bit)"},
    {"windows2019srvNext_64Guest", "windows2019srvnext-64", "windowsGuest", "Microsoft Windows Server 2022 (64-bit)"},
    {"freebsdGuest", "freebsd", "otherGuestFamily", "FreeBSD (32-bit)"},
    {"freebsd64Guest", "freebsd-64", "otherGuestFamily", "FreeBSD (64-bit)"},
    {"freebsd11_64Guest", "freebsd11-64", "otherGuestFamily", "FreeBSD 11 (64-bit)"},
    {"freebsd12_64Guest", "freebsd12-64", "otherGuestFamily", "FreeBSD 12 (64-bit)"},
    {"freebsd13_64Guest", "freebsd13-64", "otherGuestFamily", "FreeBSD 13 (64-bit)"},
    {"freebsd14_64Guest", "freebsd14-64", "otherGuestFamily", "FreeBSD 14 (64-bit)"},
    {"solaris10Guest", "solaris10", "otherGuestFamily", "Oracle Solaris 10 (32-bit)"},
    {"solaris10_64Guest", "solaris10-64", "otherGuestFamily", "Oracle Solaris 10 (64-bit)"},
    {"solaris11_64Guest", "solaris11-64", "otherGuestFamily", "Oracle Solaris 11 (64-bit)"},
    {"netware6Guest", "netware6", "otherGuestFamily", "Novell NetWare 6.x"},
    {"dosGuest", "dos", "windowsGuest", "Microsoft MS-DOS"},
    {"vmkernelGuest", "vmkernel", "otherGuestFamily", "VMware ESX 4.x"},
    {"vmkernel5Guest", "vmkernel5", "otherGuestFamily", "VMware ESXi 5.x"},
    {"vmkernel65Guest", "vmkernel65", "otherGuestFamily", "VMware ESXi 6.5 or later"},
    {"otherGuest", "other", "otherGuestFamily", "Other (32-bit)"},
    {"otherGuest64", "other-64", "otherGuestFamily", "Other (64-bit)"},
};

}  // namespace

const GuestOs* FindGuestOs(std::string_view id) {
    for (const GuestOs& os : kGuests)
        if (os.id == id) return &os;
    return nullptr;
}

std::string GuestIdFromVmx(std::string_view vmx) {
    for (const GuestOs& os : kGuests)
        if (base::EqualNoCase(os.vmx, vmx)) return std::string(os.id);
    if (vmx.empty()) return std::string(kDefaultGuestId);
    std::string id(vmx);
    for (char& c : id)
        if (c == '-') c = '_';
    return id + "Guest";
}

// The ending "-64" is what readers of a .vmx tell the processor's width by.
std::string VmxFromGuestId(std::string_view id) {
    if (const GuestOs* os = FindGuestOs(id)) return std::string(os->vmx);
    std::string vmx = base::Lower(id.ends_with("Guest") ? id.substr(0, id.size() - 5) : id);
    for (char& c : vmx)
        if (c == '_') c = '-';
    return vmx;
}

std::string GuestFullName(std::string_view id, std::string_view alternate) {
    if (!alternate.empty()) return std::string(alternate);
    if (const host::GuestRow* row = host::FindGuest(id)) return std::string(row->full_name);
    const GuestOs* os = FindGuestOs(id);
    return std::string(os ? os->name : id);
}

}  // namespace vm
