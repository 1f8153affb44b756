// Switches: firmware, boot, tools, power buttons, flags.
#include "base/text.h"
#include "vm/config.h"
#include "vm/tracking.h"

namespace vm {
namespace {

// A line that is a switch. Written only when it differs from what its absence means.
template <class T> struct Switch {
    std::string_view key;
    std::optional<bool> T::*field;
    bool otherwise;
};

constexpr Switch<vim::ToolsConfigInfo> kTools[] = {
    {"toolScripts.afterPowerOn", &vim::ToolsConfigInfo::after_power_on, true},
    {"toolScripts.afterResume", &vim::ToolsConfigInfo::after_resume, true},
    {"toolScripts.beforeSuspend", &vim::ToolsConfigInfo::before_guest_standby, true},
    {"toolScripts.beforePowerOff", &vim::ToolsConfigInfo::before_guest_shutdown, true},
    {"tools.syncTime", &vim::ToolsConfigInfo::sync_time_with_host, false},
    {"time.synchronize.allow", &vim::ToolsConfigInfo::sync_time_with_host_allowed, true},
};
constexpr Switch<vim::VirtualMachineFlagInfo> kFlags[] = {
    {"logging", &vim::VirtualMachineFlagInfo::enable_logging, true},
    {"disk.EnableUUID", &vim::VirtualMachineFlagInfo::disk_uuid_enabled, false},
};
constexpr Switch<Config> kSwitches[] = {
    {"vcpu.hotadd", &Config::cpu_hot_add_enabled, false},
    {"vcpu.hotremove", &Config::cpu_hot_remove_enabled, false},
    {"mem.hotadd", &Config::memory_hot_add_enabled, false},
    {"vhv.enable", &Config::nested_hv_enabled, false},
    {"vpmc.enable", &Config::v_pmc_enabled, false},
    {"ctkEnabled", &Config::change_tracking_enabled, false},
    {"sched.mem.pin", &Config::memory_reservation_locked_to_max, false},
    {"tools.guest.desktop.autolock", &Config::guest_auto_lock_enabled, true},
};
struct PowerType {
    std::string_view key;
    std::optional<std::string> vim::VirtualMachineDefaultPowerOpInfo::*type,
        vim::VirtualMachineDefaultPowerOpInfo::*preset;
    std::string_view otherwise;
};
constexpr PowerType kPowerTypes[] = {
    {"powerType.powerOff", &vim::VirtualMachineDefaultPowerOpInfo::power_off_type,
     &vim::VirtualMachineDefaultPowerOpInfo::default_power_off_type, "soft"},
    {"powerType.suspend", &vim::VirtualMachineDefaultPowerOpInfo::suspend_type,
     &vim::VirtualMachineDefaultPowerOpInfo::default_suspend_type, "hard"},
    {"powerType.reset", &vim::VirtualMachineDefaultPowerOpInfo::reset_type,
     &vim::VirtualMachineDefaultPowerOpInfo::default_reset_type, "soft"},
};

template <class T, std::size_t N> void ReadSwitches(const codec::Vmx& vmx, const Switch<T> (&table)[N], T& into) {
    for (const auto& s : table) {
        auto value = vmx.GetBool(s.key, s.otherwise);
        into.*s.field = value ? *value : s.otherwise;
    }
}

template <class T, std::size_t N> void WriteSwitches(const T& from, const Switch<T> (&table)[N], codec::Vmx& vmx) {
    for (const auto& s : table) {
        bool value = (from.*s.field).value_or(s.otherwise);
        if (value != s.otherwise) vmx.SetBool(s.key, value);
        else if (vmx.Find(s.key)) vmx.SetBool(s.key, value);
    }
}

vim::Ptr<vim::VirtualMachineFlagInfo> ReadFlags(const codec::Vmx& vmx) {
    vim::VirtualMachineFlagInfo f;
    f.disable_acceleration = f.use_toe = f.run_with_debug_info = f.record_replay_enabled = false;
    f.snapshot_disabled = f.snapshot_locked = false;
    f.monitor_type = "release";
    f.ht_sharing = "any";
    f.virtual_mmu_usage = "automatic";
    f.virtual_exec_usage = "hvAuto";
    f.snapshot_power_off_behavior = "powerOff";
    f.fault_tolerance_type = "unset";
    ReadSwitches(vmx, kFlags, f);
    return f;
}

vim::Ptr<vim::ToolsConfigInfo> ReadTools(const codec::Vmx& vmx) {
    vim::ToolsConfigInfo t;
    t.tools_version = 0;
    t.tools_upgrade_policy = vmx.Get("tools.upgrade.policy", "manual");
    ReadSwitches(vmx, kTools, t);
    if (std::string package = vmx.Get("tools.deployPkg.fileName"); !package.empty()) t.pending_customization = package;
    return t;
}

vim::Ptr<vim::VirtualMachineDefaultPowerOpInfo> ReadPowerOps(const codec::Vmx& vmx) {
    vim::VirtualMachineDefaultPowerOpInfo p;
    for (const PowerType& type : kPowerTypes) {
        std::string text = base::Lower(vmx.Get(type.key));
        if (text != "soft" && text != "hard") text = "preset";
        p.*type.type = text;
        p.*type.preset = text == "preset" ? std::string(type.otherwise) : text;
    }
    p.standby_action = "checkpoint";
    return p;
}

using Bootable = vim::Ptr<vim::VirtualMachineBootOptionsBootableDevice>;

// The key of the device at "scsi0:1".
std::optional<int> KeyAt(std::string_view place) {
    std::size_t colon = place.find(':');
    for (BusKind kind : kBusKinds) {
        std::string_view bus = InfoOf(kind).word;
        if (colon == std::string_view::npos || !place.starts_with(bus)) continue;
        auto number = base::ToInt(place.substr(bus.size(), colon - bus.size()));
        auto unit = base::ToInt(place.substr(colon + 1));
        if (number && unit && *number < InfoOf(kind).buses && *unit < InfoOf(kind).units)
            return Slot{kind, static_cast<int>(*number), static_cast<int>(*unit)}.Key();
    }
    return std::nullopt;
}

void AddBootDisks(const std::string& places, std::vector<Bootable>& out) {
    for (std::string_view place : base::Split(places, ',')) {
        std::optional<int> key = KeyAt(base::Trim(place));
        if (!key) continue;
        vim::VirtualMachineBootOptionsBootableDiskDevice disk;
        disk.device_key = *key;
        out.push_back(std::move(disk));
    }
}

// "cdrom,hdd,ethernet0" with the order among the disks in a line of its own.
std::vector<Bootable> ReadBootOrder(const codec::Vmx& vmx) {
    std::vector<Bootable> out;
    std::string order = vmx.Get("bios.bootOrder");
    for (std::string_view word : base::Split(order, ',')) {
        word = base::Trim(word);
        if (word == "cdrom") out.push_back(vim::VirtualMachineBootOptionsBootableCdromDevice());
        if (word == "floppy") out.push_back(vim::VirtualMachineBootOptionsBootableFloppyDevice());
        if (word == "hdd") AddBootDisks(vmx.Get("bios.hddOrder"), out);
        if (!word.starts_with("ethernet")) continue;
        vim::VirtualMachineBootOptionsBootableEthernetDevice nic;
        nic.device_key = kNicKey + static_cast<int>(base::ToInt(word.substr(8)).value_or(0));
        out.push_back(std::move(nic));
    }
    return out;
}

void WriteBootOrder(const std::vector<Bootable>& order, const Devices& devices, codec::Vmx& vmx) {
    std::string words, disks;
    auto add = [](std::string& list, const std::string& word) { list += (list.empty() ? "" : ",") + word; };
    for (const Bootable& b : order) {
        if (b.As<vim::VirtualMachineBootOptionsBootableCdromDevice>()) add(words, "cdrom");
        if (b.As<vim::VirtualMachineBootOptionsBootableFloppyDevice>()) add(words, "floppy");
        if (auto* nic = b.As<vim::VirtualMachineBootOptionsBootableEthernetDevice>())
            add(words, base::Cat("ethernet", nic->device_key - kNicKey));
        if (auto* disk = b.As<vim::VirtualMachineBootOptionsBootableDiskDevice>()) {
            const vim::VirtualDevice* device = FindDevice(devices, disk->device_key);
            std::optional<Slot> slot = device ? SlotOf(*device) : std::nullopt;
            if (!slot) continue;
            if (disks.empty()) add(words, "hdd");
            add(disks, slot->Word());
        }
    }
    if (words.empty()) vmx.Remove("bios.bootOrder");
    else vmx.Set("bios.bootOrder", words);
    if (disks.empty()) vmx.Remove("bios.hddOrder");
    else vmx.Set("bios.hddOrder", disks);
}

vim::Ptr<vim::VirtualMachineBootOptions> ReadBoot(const codec::Vmx& vmx) {
    vim::VirtualMachineBootOptions b;
    auto number = [&](std::string_view key, std::int64_t otherwise) {
        auto value = vmx.GetInt(key, otherwise);
        return value ? *value : otherwise;
    };
    auto flag = [&](std::string_view key) {
        auto value = vmx.GetBool(key, false);
        return value && *value;
    };
    b.boot_delay = number("bios.bootDelay", 0);
    b.enter_bios_setup = flag("bios.forceSetupOnce");
    b.boot_retry_enabled = flag("bios.bootRetry.enabled");
    b.boot_retry_delay = number("bios.bootRetry.delay", 10000);
    b.boot_order = ReadBootOrder(vmx);
    b.network_boot_protocol = base::EqualNoCase(vmx.Get("bios.networkBootProtocol"), "ipv6") ? "ipv6" : "ipv4";
    b.efi_secure_boot_enabled = flag("uefi.secureBoot.enabled");
    return b;
}

void WriteBoot(const vim::VirtualMachineBootOptions& b, const Devices& devices, codec::Vmx& vmx) {
    auto number = [&](std::string_view key, std::int64_t value, std::int64_t otherwise) {
        if (value == otherwise) vmx.Remove(key);
        else vmx.SetInt(key, value);
    };
    auto flag = [&](std::string_view key, bool value) {
        if (value) vmx.SetBool(key, true);
        else vmx.Remove(key);
    };
    number("bios.bootDelay", b.boot_delay.value_or(0), 0);
    flag("bios.forceSetupOnce", b.enter_bios_setup.value_or(false));
    flag("bios.bootRetry.enabled", b.boot_retry_enabled.value_or(false));
    number("bios.bootRetry.delay", b.boot_retry_delay.value_or(10000), 10000);
    flag("uefi.secureBoot.enabled", b.efi_secure_boot_enabled.value_or(false));
    if (b.network_boot_protocol == "ipv6") vmx.Set("bios.networkBootProtocol", "ipv6");
    else vmx.Remove("bios.networkBootProtocol");
    WriteBootOrder(b.boot_order, devices, vmx);
}

// "0,2,5"; "all" is none.
vim::Ptr<vim::VirtualMachineAffinityInfo> ReadAffinity(const codec::Vmx& vmx) {
    vim::VirtualMachineAffinityInfo affinity;
    std::string text = vmx.Get("sched.cpu.affinity", "all");
    for (std::string_view word : base::Split(text, ','))
        if (auto number = base::ToInt(base::Trim(word)); number && *number >= 0 && *number < 4096)
            affinity.affinity_set.push_back(static_cast<std::int32_t>(*number));
    if (affinity.affinity_set.empty()) return {};
    return affinity;
}

void WriteAffinity(const vim::VirtualMachineAffinityInfo* affinity, codec::Vmx& vmx) {
    std::string text;
    if (affinity)
        for (std::int32_t number : affinity->affinity_set) text += base::Cat(text.empty() ? "" : ",", number);
    if (!text.empty()) vmx.Set("sched.cpu.affinity", text);
    else if (vmx.Find("sched.cpu.affinity")) vmx.Set("sched.cpu.affinity", "all");
}

using Latency = vim::LatencySensitivitySensitivityLevel;

vim::Ptr<vim::LatencySensitivity> ReadLatency(const codec::Vmx& vmx) {
    vim::LatencySensitivity latency;
    std::string word = base::Lower(vmx.Get("sched.cpu.latencySensitivity", "normal"));
    latency.level = Latency::kNormal;
    for (Latency level : {Latency::kLow, Latency::kMedium, Latency::kHigh})
        if (word == vim::Name(level)) latency.level = level;
    return latency;
}

// Each disk that is tracked has a line of its own, as VMware writes them.
void WriteTracking(const Config& config, codec::Vmx& vmx) {
    for (const Device& device : config.hardware->device) {
        std::optional<Slot> slot = SlotOf(*device);
        if (!slot || !device->type().IsA(vim::VirtualDisk::kType)) continue;
        std::string key = slot->Word() + ".ctkEnabled";
        if (IsTracked(config, *device)) vmx.SetBool(key, true);
        else vmx.Remove(key);
    }
}

}  // namespace

void ReadOptions(const codec::Vmx& vmx, Config& config) {
    config.firmware = base::EqualNoCase(vmx.Get("firmware"), "efi") ? "efi" : "bios";
    config.swap_placement = "inherit";
    auto consoles = vmx.GetInt("RemoteDisplay.maxConnections", 40);
    config.max_mks_connections = consoles && *consoles >= 0 && *consoles <= 40 ? static_cast<int>(*consoles) : 40;
    config.message_bus_tunnel_enabled = false;
    config.v_asserts_enabled = false;
    config.npiv_temporary_disabled = true;
    ReadSwitches(vmx, kSwitches, config);
    config.flags = ReadFlags(vmx);
    config.tools = ReadTools(vmx);
    config.default_power_ops = ReadPowerOps(vmx);
    config.boot_options = ReadBoot(vmx);
    config.latency_sensitivity = ReadLatency(vmx);
    config.cpu_affinity = ReadAffinity(vmx);
}

void WriteOptions(const Config& config, codec::Vmx& vmx) {
    if (config.firmware == "efi") vmx.Set("firmware", "efi");
    else vmx.Remove("firmware");
    if (int most = config.max_mks_connections.value_or(40); most != 40)
        vmx.SetInt("RemoteDisplay.maxConnections", most);
    else vmx.Remove("RemoteDisplay.maxConnections");
    WriteSwitches(config, kSwitches, vmx);
    if (config.flags) WriteSwitches(*config.flags, kFlags, vmx);
    if (config.tools) {
        WriteSwitches(*config.tools, kTools, vmx);
        std::string policy = config.tools->tools_upgrade_policy.value_or("manual");
        if (policy != "manual" || vmx.Find("tools.upgrade.policy")) vmx.Set("tools.upgrade.policy", policy);
    }
    if (config.default_power_ops)
        for (const PowerType& type : kPowerTypes) {
            std::string value = (*config.default_power_ops.*type.type).value_or("preset");
            if (value == "soft" || value == "hard") vmx.Set(type.key, value);
            else vmx.Remove(type.key);
        }
    WriteTracking(config, vmx);
    if (config.boot_options) WriteBoot(*config.boot_options, config.hardware->device, vmx);
    WriteAffinity(config.cpu_affinity.get(), vmx);
    Latency level = config.latency_sensitivity ? config.latency_sensitivity->level : Latency::kNormal;
    if (level != Latency::kNormal || vmx.Find("sched.cpu.latencySensitivity"))
        vmx.Set("sched.cpu.latencySensitivity", vim::Name(level));
}

}  // namespace vm
