// vmw:Config and vmw:ExtraConfig of a hardware section, and guest systems by their CIM numbers.
#include <array>
#include <map>

#include "base/text.h"
#include "host/guest_os.h"
#include "vm/guest_os.h"
#include "vm/ovf.h"

namespace vm {
namespace {

using codec::ovf::Setting;

struct Reader {
    std::string_view key;
    void (*take)(Spec&, const std::string& value);
};

bool Yes(const std::string& v) { return base::EqualNoCase(v, "true") || v == "1"; }
auto& Tools(Spec& s) { return s.tools.Mut(); }
auto& Boot(Spec& s) { return s.boot_options.Mut(); }
auto& Ops(Spec& s) { return s.power_op_info.Mut(); }

constexpr Reader kReaders[] = {
    {"firmware", [](Spec& s, const std::string& v) { s.firmware = v; }},
    {"cpuHotAddEnabled", [](Spec& s, const std::string& v) { s.cpu_hot_add_enabled = Yes(v); }},
    {"cpuHotRemoveEnabled", [](Spec& s, const std::string& v) { s.cpu_hot_remove_enabled = Yes(v); }},
    {"memoryHotAddEnabled", [](Spec& s, const std::string& v) { s.memory_hot_add_enabled = Yes(v); }},
    {"nestedHVEnabled", [](Spec& s, const std::string& v) { s.nested_hv_enabled = Yes(v); }},
    {"vPMCEnabled", [](Spec& s, const std::string& v) { s.v_pmc_enabled = Yes(v); }},
    {"changeTrackingEnabled", [](Spec& s, const std::string& v) { s.change_tracking_enabled = Yes(v); }},
    {"flags.diskUuidEnabled", [](Spec& s, const std::string& v) { s.flags.Mut().disk_uuid_enabled = Yes(v); }},
    {"flags.enableLogging", [](Spec& s, const std::string& v) { s.flags.Mut().enable_logging = Yes(v); }},
    {"tools.syncTimeWithHost", [](Spec& s, const std::string& v) { Tools(s).sync_time_with_host = Yes(v); }},
    {"tools.toolsUpgradePolicy", [](Spec& s, const std::string& v) { Tools(s).tools_upgrade_policy = v; }},
    {"tools.afterPowerOn", [](Spec& s, const std::string& v) { Tools(s).after_power_on = Yes(v); }},
    {"tools.afterResume", [](Spec& s, const std::string& v) { Tools(s).after_resume = Yes(v); }},
    {"tools.beforeGuestShutdown", [](Spec& s, const std::string& v) { Tools(s).before_guest_shutdown = Yes(v); }},
    {"tools.beforeGuestStandby", [](Spec& s, const std::string& v) { Tools(s).before_guest_standby = Yes(v); }},
    {"powerOpInfo.powerOffType", [](Spec& s, const std::string& v) { Ops(s).power_off_type = v; }},
    {"powerOpInfo.resetType", [](Spec& s, const std::string& v) { Ops(s).reset_type = v; }},
    {"powerOpInfo.suspendType", [](Spec& s, const std::string& v) { Ops(s).suspend_type = v; }},
    {"bootOptions.bootDelay", [](Spec& s, const std::string& v) { Boot(s).boot_delay = base::ToInt(v); }},
    {"bootOptions.enterBIOSSetup", [](Spec& s, const std::string& v) { Boot(s).enter_bios_setup = Yes(v); }},
    {"bootOptions.bootRetryEnabled", [](Spec& s, const std::string& v) { Boot(s).boot_retry_enabled = Yes(v); }},
    {"bootOptions.bootRetryDelay", [](Spec& s, const std::string& v) { Boot(s).boot_retry_delay = base::ToInt(v); }},
};
// They say how VMware's own hardware is to behave; nothing of it makes a difference to the guest here.
constexpr std::string_view kOfNoEffect[] = {"virtualICH7MPresent",
                                            "virtualSMCPresent",
                                            "powerOpInfo.standbyAction",
                                            "tools.toolsInstallType",
                                            "tools.beforeGuestReboot",
                                            "memoryReservationLockedToMax",
                                            "messageBusTunnelEnabled",
                                            "pmem.snapshotMode",
                                            "simultaneousThreads",
                                            "flags.vbsEnabled",
                                            "flags.vvtdEnabled",
                                            "flags.virtualMmuUsage",
                                            "flags.virtualExecUsage",
                                            "flags.monitorType",
                                            "flags.htSharing",
                                            "flags.disableAcceleration",
                                            "flags.useToe",
                                            "cpuAllocation.shares.shares",
                                            "cpuAllocation.shares.level",
                                            "memoryAllocation.shares.shares",
                                            "memoryAllocation.shares.level",
                                            "swapPlacement",
                                            "fixedPassthruHotPlugEnabled",
                                            "sevEnabled",
                                            "bootOptions.networkBootProtocol",
                                            "motherboardLayout",
                                            "viommuEnabled",
                                            "numaInfo.autoCoresPerNuma",
                                            "numaInfo.coresPerNumaNode"};

struct CimOs {
    int number;
    std::string_view guest;
};
// The first of a number is what it becomes here; the first of a guest is what it is written as.
constexpr CimOs kCimOs[] = {{1, "otherGuest"},
                            {36, "otherLinuxGuest"},
                            {101, "otherLinux64Guest"},
                            {102, "otherGuest64"},
                            {93, "ubuntuGuest"},
                            {94, "ubuntu64Guest"},
                            {95, "debian5Guest"},
                            {96, "debian5_64Guest"},
                            {96, "debian6_64Guest"},
                            {96, "debian7_64Guest"},
                            {96, "debian8_64Guest"},
                            {96, "debian9_64Guest"},
                            {96, "debian10_64Guest"},
                            {96, "debian11_64Guest"},
                            {96, "debian12_64Guest"},
                            {79, "rhel5Guest"},
                            {80, "rhel5_64Guest"},
                            {80, "rhel6_64Guest"},
                            {80, "rhel7_64Guest"},
                            {80, "rhel8_64Guest"},
                            {80, "rhel9_64Guest"},
                            {106, "centosGuest"},
                            {107, "centos64Guest"},
                            {107, "centos7_64Guest"},
                            {107, "centos8_64Guest"},
                            {84, "sles11Guest"},
                            {85, "sles11_64Guest"},
                            {85, "sles12_64Guest"},
                            {85, "sles15_64Guest"},
                            {82, "opensuseGuest"},
                            {83, "opensuse64Guest"},
                            {42, "freebsdGuest"},
                            {78, "freebsd64Guest"},
                            {97, "other24xLinuxGuest"},
                            {98, "other24xLinux64Guest"},
                            {99, "other26xLinuxGuest"},
                            {100, "other26xLinux64Guest"},
                            {100, "other3xLinux64Guest"},
                            {100, "other4xLinux64Guest"},
                            {100, "other5xLinux64Guest"},
                            {100, "other6xLinux64Guest"},
                            {29, "solaris10Guest"},
                            {30, "solaris10_64Guest"},
                            {67, "winXPProGuest"},
                            {71, "winXPPro64Guest"},
                            {69, "winNetStandardGuest"},
                            {70, "winNetStandard64Guest"},
                            {73, "winVistaGuest"},
                            {74, "winVista64Guest"},
                            {76, "winLonghornGuest"},
                            {77, "winLonghorn64Guest"},
                            {103, "windows7Server64Guest"},
                            {105, "windows7Guest"},
                            {105, "windows7_64Guest"},
                            {113, "windows8Server64Guest"},
                            {114, "windows8_64Guest"},
                            {118, "windows9_64Guest"},
                            {112, "windows9Server64Guest"},
                            {16, "dosGuest"},
                            {109, "oracleLinux64Guest"}};

}  // namespace

void AddSettings(const codec::ovf::Hardware& hardware, OvfMachine& machine, OvfFindings& findings) {
    auto odd = [&](const Setting& s, const char* name, std::string words) {
        vim::OvfUnsupportedElementValue f;
        f.name = name;
        f.value = s.key;
        findings.Tell(s.required, vim::Fault(std::move(f), std::move(words)));
    };
    for (const Setting& s : hardware.config) {
        auto reader =
            std::find_if(std::begin(kReaders), std::end(kReaders), [&](const Reader& r) { return r.key == s.key; });
        if (reader != std::end(kReaders)) reader->take(machine.spec, s.value);
        else if (std::find(std::begin(kOfNoEffect), std::end(kOfNoEffect), s.key) == std::end(kOfNoEffect))
            odd(s, "Config",
                base::Cat("the setting \"", s.key, "\" is not known", s.required ? "" : "; it is left out"));
    }
    for (const Setting& s : hardware.extra) {
        if (s.key == "nvram") continue;
        // What would reach for files of this host, or is a field of its own.
        bool ours = base::Lower(s.key).starts_with("bedplate.");
        if (ours || !codec::Vmx::IsKey(s.key) || IsManagedKey(s.key)) {
            odd(s, "ExtraConfig",
                base::Cat("\"", s.key, "\" cannot be set by a package", s.required ? "" : "; it is left out"));
            continue;
        }
        vim::OptionValue option;
        option.key = s.key;
        option.value = s.value;
        machine.spec.extra_config.push_back(std::move(option));
    }
}

std::string GuestIdOf(const codec::ovf::System& system) {
    std::string id = system.os_type;
    if (id.starts_with('*')) id.erase(0, 1);
    if (!id.empty() && id.size() <= 64) return id;
    for (const CimOs& os : kCimOs)
        if (os.number == system.os) return std::string(os.guest);
    return std::string(kDefaultGuestId);
}

int CimOsOf(std::string_view guest_id) {
    for (const CimOs& os : kCimOs)
        if (os.guest == guest_id) return os.number;
    const host::GuestRow* known = host::FindGuest(guest_id);
    bool wide = guest_id.find("64") != std::string_view::npos;
    if (known && known->family == host::GuestFamily::kLinux) return wide ? 101 : 36;
    return wide ? 102 : 1;
}

}  // namespace vm
