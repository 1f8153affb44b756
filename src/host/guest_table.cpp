// The guest systems, one row each: what the API, a .vmx and a person call it.
#include "base/text.h"
#include "host/guest_os.h"

namespace host {
namespace {

using enum GuestFamily;
using enum GuestAge;

constexpr GuestRow kGuests[] = {
    {"otherGuest64", "other-64", "Other (64-bit)", kOther, kModern, 4},
    {"otherGuest", "other", "Other (32-bit)", kOther, kOld, 4},
    {"dosGuest", "dos", "Microsoft MS-DOS", kOther, kOld, 4},
    {"netware6Guest", "netware6", "Novell NetWare 6.x", kOther, kOld, 4},
    {"solaris10_64Guest", "solaris10-64", "Oracle Solaris 10 (64-bit)", kOther, kOld, 4},
    {"solaris11_64Guest", "solaris11-64", "Oracle Solaris 11 (64-bit)", kOther, kModern, 8},
    {"solaris10Guest", "solaris10", "Oracle Solaris 10 (32-bit)", kOther, kOld, 4},
    {"freebsdGuest", "freebsd", "FreeBSD Pre-11 versions (32-bit)", kOther, kOld, 4},
    {"freebsd64Guest", "freebsd-64", "FreeBSD Pre-11 versions (64-bit)", kOther, kOld, 4},
    {"freebsd11_64Guest", "freebsd11-64", "FreeBSD 11 (64-bit)", kOther, kModern, 14},
    {"freebsd12_64Guest", "freebsd12-64", "FreeBSD 12 (64-bit)", kOther, kModern, 14},
    {"freebsd13_64Guest", "freebsd13-64", "FreeBSD 13 (64-bit)", kOther, kModern, 17},
    {"freebsd14_64Guest", "freebsd14-64", "FreeBSD 14 or later versions (64-bit)", kOther, kModern, 20},
    {"otherLinuxGuest", "otherlinux", "Other Linux (32-bit)", kLinux, kOld, 4},
    {"otherLinux64Guest", "otherlinux-64", "Other Linux (64-bit)", kLinux, kModern, 4},
    {"other24xLinuxGuest", "other24xlinux", "Other 2.4.x Linux (32-bit)", kLinux, kOld, 4},
    {"other24xLinux64Guest", "other24xlinux-64", "Other 2.4.x Linux (64-bit)", kLinux, kOld, 4},
    {"other26xLinuxGuest", "other26xlinux", "Other 2.6.x Linux (32-bit)", kLinux, kOld, 4},
    {"other26xLinux64Guest", "other26xlinux-64", "Other 2.6.x Linux (64-bit)", kLinux, kModern, 4},
    {"other3xLinuxGuest", "other3xlinux", "Other 3.x Linux (32-bit)", kLinux, kOld, 10},
    {"other3xLinux64Guest", "other3xlinux-64", "Other 3.x Linux (64-bit)", kLinux, kModern, 10},
    {"other4xLinux64Guest", "other4xlinux-64", "Other 4.x Linux (64-bit)", kLinux, kModern, 14},
    {"other5xLinux64Guest", "other5xlinux-64", "Other 5.x Linux (64-bit)", kLinux, kModern, 17},
    {"other6xLinux64Guest", "other6xlinux-64", "Other 6.x or later Linux (64-bit)", kLinux, kModern, 20},
    {"other4xLinuxGuest", "other4xlinux", "Other 4.x Linux (32-bit)", kLinux, kOld, 14},
    {"other5xLinuxGuest", "other5xlinux", "Other 5.x Linux (32-bit)", kLinux, kOld, 17},
    {"other6xLinuxGuest", "other6xlinux", "Other 6.x Linux (32-bit)", kLinux, kOld, 20},
    {"debian5Guest", "debian5", "Debian GNU/Linux 5 (32-bit)", kLinux, kOld, 4},
    {"debian5_64Guest", "debian5-64", "Debian GNU/Linux 5 (64-bit)", kLinux, kOld, 4},
    {"debian6_64Guest", "debian6-64", "Debian GNU/Linux 6 (64-bit)", kLinux, kOld, 8},
    {"debian7_64Guest", "debian7-64", "Debian GNU/Linux 7 (64-bit)", kLinux, kModern, 10},
    {"debian8_64Guest", "debian8-64", "Debian GNU/Linux 8 (64-bit)", kLinux, kModern, 11},
    {"debian9_64Guest", "debian9-64", "Debian GNU/Linux 9 (64-bit)", kLinux, kModern, 13},
    {"debian10_64Guest", "debian10-64", "Debian GNU/Linux 10 (64-bit)", kLinux, kModern, 14},
    {"debian11_64Guest", "debian11-64", "Debian GNU/Linux 11 (64-bit)", kLinux, kModern, 18},
    {"debian12_64Guest", "debian12-64", "Debian GNU/Linux 12 (64-bit)", kLinux, kModern, 20},
    {"debian6Guest", "debian6", "Debian GNU/Linux 6 (32-bit)", kLinux, kOld, 8},
    {"debian7Guest", "debian7", "Debian GNU/Linux 7 (32-bit)", kLinux, kOld, 10},
    {"debian8Guest", "debian8", "Debian GNU/Linux 8 (32-bit)", kLinux, kOld, 11},
    {"debian9Guest", "debian9", "Debian GNU/Linux 9 (32-bit)", kLinux, kOld, 13},
    {"debian10Guest", "debian10", "Debian GNU/Linux 10 (32-bit)", kLinux, kOld, 14},
    {"debian4Guest", "debian4", "Debian GNU/Linux 4 (32-bit)", kLinux, kOld, 4},
    {"debian4_64Guest", "debian4-64", "Debian GNU/Linux 4 (64-bit)", kLinux, kOld, 4},
    {"ubuntuGuest", "ubuntu", "Ubuntu Linux (32-bit)", kLinux, kOld, 4},
    {"ubuntu64Guest", "ubuntu-64", "Ubuntu Linux (64-bit)", kLinux, kModern, 4},
    {"rhel5_64Guest", "rhel5-64", "Red Hat Enterprise Linux 5 (64-bit)", kLinux, kOld, 4},
    {"rhel6_64Guest", "rhel6-64", "Red Hat Enterprise Linux 6 (64-bit)", kLinux, kModern, 7},
    {"rhel7_64Guest", "rhel7-64", "Red Hat Enterprise Linux 7 (64-bit)", kLinux, kModern, 8},
    {"rhel8_64Guest", "rhel8-64", "Red Hat Enterprise Linux 8 (64-bit)", kLinux, kModern, 13},
    {"rhel9_64Guest", "rhel9-64", "Red Hat Enterprise Linux 9 (64-bit)", kLinux, kModern, 18},
    {"rhel3Guest", "rhel3", "Red Hat Enterprise Linux 3 (32-bit)", kLinux, kOld, 4},
    {"rhel3_64Guest", "rhel3-64", "Red Hat Enterprise Linux 3 (64-bit)", kLinux, kOld, 4},
    {"rhel4Guest", "rhel4", "Red Hat Enterprise Linux 4 (32-bit)", kLinux, kOld, 4},
    {"rhel4_64Guest", "rhel4-64", "Red Hat Enterprise Linux 4 (64-bit)", kLinux, kOld, 4},
    {"rhel5Guest", "rhel5", "Red Hat Enterprise Linux 5 (32-bit)", kLinux, kOld, 4},
    {"rhel6Guest", "rhel6", "Red Hat Enterprise Linux 6 (32-bit)", kLinux, kOld, 7},
    {"centos64Guest", "centos-64", "CentOS 4/5 or later (64-bit)", kLinux, kModern, 7},
    {"centos7_64Guest", "centos7-64", "CentOS 7 (64-bit)", kLinux, kModern, 11},
    {"centos8_64Guest", "centos8-64", "CentOS 8 (64-bit)", kLinux, kModern, 13},
    {"centosGuest", "centos", "CentOS 4/5 or later (32-bit)", kLinux, kOld, 4},
    {"centos6Guest", "centos6", "CentOS 6 (32-bit)", kLinux, kOld, 13},
    {"centos6_64Guest", "centos6-64", "CentOS 6 (64-bit)", kLinux, kModern, 13},
    {"centos9_64Guest", "centos9-64", "CentOS 9 (64-bit)", kLinux, kModern, 18},
    {"oracleLinux8_64Guest", "oraclelinux8-64", "Oracle Linux 8 (64-bit)", kLinux, kModern, 13},
    {"oracleLinuxGuest", "oraclelinux", "Oracle Linux 4/5 or later (32-bit)", kLinux, kOld, 4},
    {"oracleLinux64Guest", "oraclelinux-64", "Oracle Linux 4/5 or later (64-bit)", kLinux, kModern, 4},
    {"oracleLinux6_64Guest", "oraclelinux6-64", "Oracle Linux 6 (64-bit)", kLinux, kModern, 13},
    {"oracleLinux7_64Guest", "oraclelinux7-64", "Oracle Linux 7 (64-bit)", kLinux, kModern, 13},
    {"oracleLinux9_64Guest", "oraclelinux9-64", "Oracle Linux 9 (64-bit)", kLinux, kModern, 18},
    {"rockylinux_64Guest", "rockylinux-64", "Rocky Linux (64-bit)", kLinux, kModern, 18},
    {"almalinux_64Guest", "almalinux-64", "AlmaLinux (64-bit)", kLinux, kModern, 18},
    {"fedora64Guest", "fedora-64", "Red Hat Fedora (64-bit)", kLinux, kModern, 10},
    {"fedoraGuest", "fedora", "Fedora Linux (32-bit)", kLinux, kOld, 4},
    {"amazonlinux2_64Guest", "amazonlinux2-64", "Amazon Linux 2 (64-bit)", kLinux, kModern, 14},
    {"vmwarePhoton64Guest", "vmware-photon-64", "VMware Photon OS (64-bit)", kLinux, kModern, 13},
    {"coreos64Guest", "coreos-64", "CoreOS Linux (64-bit)", kLinux, kModern, 11},
    {"sles11_64Guest", "sles11-64", "SUSE Linux Enterprise 11 (64-bit)", kLinux, kModern, 4},
    {"sles12_64Guest", "sles12-64", "SUSE Linux Enterprise 12 (64-bit)", kLinux, kModern, 10},
    {"sles15_64Guest", "sles15-64", "SUSE Linux Enterprise 15 (64-bit)", kLinux, kModern, 14},
    {"slesGuest", "sles", "SUSE Linux Enterprise 8/9 (32-bit)", kLinux, kOld, 4},
    {"sles64Guest", "sles-64", "SUSE Linux Enterprise 8/9 (64-bit)", kLinux, kOld, 4},
    {"sles10Guest", "sles10", "SUSE Linux Enterprise 10 (32-bit)", kLinux, kOld, 4},
    {"sles10_64Guest", "sles10-64", "SUSE Linux Enterprise 10 (64-bit)", kLinux, kOld, 4},
    {"sles11Guest", "sles11", "SUSE Linux Enterprise 11 (32-bit)", kLinux, kOld, 4},
    {"opensuse64Guest", "opensuse-64", "SUSE openSUSE (64-bit)", kLinux, kModern, 8},
    {"opensuseGuest", "opensuse", "openSUSE (32-bit)", kLinux, kOld, 4},
    {"winNetStandardGuest", "winnetstandard", "Microsoft Windows Server 2003 Standard (32-bit)", kWindows, kOld, 4},
    {"winNetStandard64Guest", "winnetstandard-64", "Microsoft Windows Server 2003 Standard (64-bit)", kWindows, kOld,
     4},
    {"winXPProGuest", "winxppro", "Microsoft Windows XP Professional (32-bit)", kWindows, kOld, 4},
    {"winLonghorn64Guest", "longhorn-64", "Microsoft Windows Server 2008 (64-bit)", kWindows, kOld, 4},
    {"windows7Guest", "windows7", "Microsoft Windows 7 (32-bit)", kWindows, kOld, 7},
    {"windows7_64Guest", "windows7-64", "Microsoft Windows 7 (64-bit)", kWindows, kModern, 7},
    {"windows7Server64Guest", "windows7srv-64", "Microsoft Windows Server 2008 R2 (64-bit)", kWindows, kModern, 7},
    {"windows8_64Guest", "windows8-64", "Microsoft Windows 8.x (64-bit)", kWindows, kModern, 8},
    {"windows8Server64Guest", "windows8srv-64", "Microsoft Windows Server 2012 (64-bit)", kWindows, kModern, 8},
    {"windows9_64Guest", "windows9-64", "Microsoft Windows 10 (64-bit)", kWindows, kModern, 10},
    {"windows9Server64Guest", "windows9srv-64", "Microsoft Windows Server 2016 or later (64-bit)", kWindows, kModern,
     10},
    {"windows2019srv_64Guest", "windows2019srv-64", "Microsoft Windows Server 2019 (64-bit)", kWindows, kModern, 17},
    {"windows2019srvNext_64Guest", "windows2019srvnext-64", "Microsoft Windows Server 2022 (64-bit)", kWindows, kModern,
     18},
    {"winXPPro64Guest", "winxppro-64", "Microsoft Windows XP Professional (64-bit)", kWindows, kOld, 4},
    {"winNetEnterpriseGuest", "winnetenterprise", "Microsoft Windows Server 2003 (32-bit)", kWindows, kOld, 4},
    {"winNetEnterprise64Guest", "winnetenterprise-64", "Microsoft Windows Server 2003 (64-bit)", kWindows, kOld, 4},
    {"winVistaGuest", "winvista", "Microsoft Windows Vista (32-bit)", kWindows, kOld, 4},
    {"winVista64Guest", "winvista-64", "Microsoft Windows Vista (64-bit)", kWindows, kOld, 4},
    {"winLonghornGuest", "longhorn", "Microsoft Windows Server 2008 (32-bit)", kWindows, kOld, 4},
    {"windows8Guest", "windows8", "Microsoft Windows 8.x (32-bit)", kWindows, kModern, 8},
    {"windows9Guest", "windows9", "Microsoft Windows 10 (32-bit)", kWindows, kModern, 10},
    {"windows11_64Guest", "windows11-64", "Microsoft Windows 11 (64-bit)", kWindows, kModern, 18},
    {"asianux3_64Guest", "asianux3-64", "Asianux 3 (64-bit)", kLinux, kOld, 4},
    {"vmkernelGuest", "vmkernel", "VMware ESX 4.x", kOther, kOld, 7},
    {"vmkernel5Guest", "vmkernel5", "VMware ESXi 5.x", kOther, kModern, 8},
    {"vmkernel65Guest", "vmkernel65", "VMware ESXi 6.5 or later", kOther, kModern, 11},
};

}  // namespace

std::span<const GuestRow> GuestRows() { return kGuests; }

const GuestRow* FindGuest(std::string_view id) {
    for (const auto& g : kGuests)
        if (g.id == id) return &g;
    return nullptr;
}

const GuestRow* FindGuestByVmx(std::string_view vmx) {
    for (const auto& g : kGuests)
        if (base::EqualNoCase(g.vmx, vmx)) return &g;
    return nullptr;
}

}  // namespace host
