#include "vm/change.h"

#include <algorithm>

#include "base/ids.h"
#include "base/text.h"
#include "vm/growth.h"
#include "vm/guest_os.h"
#include "vm/names.h"
#include "vm/vapp_config.h"

namespace vm {
namespace {

vim::Fault Invalid(std::string_view property, std::string words) {
    vim::InvalidArgument fault;
    fault.invalid_property = base::Cat("configSpec.", property);
    return vim::Fault(std::move(fault), std::move(words));
}

vim::Result<> CheckUnsupported(const Spec& spec) {
    const char* what = spec.ft_info      ? "ftInfo"
                       : spec.rep_config ? "repConfig"
                       : !spec.npiv_node_world_wide_name.empty() || !spec.npiv_port_world_wide_name.empty()
                           ? "npivWorldWideName"
                       : spec.memory_affinity && !spec.memory_affinity->affinity_set.empty() ? "memoryAffinity"
                                                                                             : nullptr;
    if (what) return vim::Fault(vim::NotSupported(), base::Cat("configSpec.", what, " is not supported by this host"));
    return {};
}

vim::Result<> ApplyNames(const Spec& spec, Config& c) {
    if (spec.name) {
        CHECK(CheckName(*spec.name, {}));
        c.name = *spec.name;
    }
    if (spec.guest_id) c.guest_id = spec.guest_id->empty() ? std::string(kDefaultGuestId) : *spec.guest_id;
    if (spec.alternate_guest_name) c.alternate_guest_name = *spec.alternate_guest_name;
    if (spec.annotation) c.annotation = *spec.annotation;
    auto uuid = [](const std::optional<std::string>& asked, std::string_view property, auto& field) -> vim::Result<> {
        if (!asked || asked->empty()) return {};
        std::optional<std::string> normal = base::NormalUuid(*asked);
        if (!normal) return Invalid(property, base::Cat("\"", *asked, "\" is no UUID"));
        field = *normal;
        return {};
    };
    CHECK(uuid(spec.uuid, "uuid", c.uuid));
    CHECK(uuid(spec.instance_uuid, "instanceUuid", c.instance_uuid));
    CHECK(uuid(spec.location_id, "locationId", c.location_id));
    if (!spec.version) return {};
    std::string_view version = *spec.version;
    auto number = version.starts_with("vmx-") ? base::ToInt(version.substr(4)) : std::nullopt;
    if (!number || *number < 4 || *number > 21)
        return Invalid("version",
                       base::Cat("\"", version, "\" is no hardware version; this host knows vmx-04 to vmx-21"));
    c.version = base::Cat("vmx-", *number < 10 ? "0" : "", *number);
    return {};
}

vim::Result<> ApplySize(const Spec& spec, const Limits& limits, Config& c) {
    vim::VirtualHardware& h = c.hardware.Mut();
    if (spec.num_cp_us) {
        if (*spec.num_cp_us < 1 || *spec.num_cp_us > limits.max_cpus)
            return vim::Fault(vim::NumVirtualCpusNotSupported(limits.max_cpus, *spec.num_cp_us),
                              base::Cat(*spec.num_cp_us, " virtual processors are not possible; this host runs 1 to ",
                                        limits.max_cpus));
        h.num_cpu = *spec.num_cp_us;
        if (h.num_cpu % h.num_cores_per_socket.value_or(1)) h.num_cores_per_socket = 1;
    }
    if (spec.num_cores_per_socket) {
        if (*spec.num_cores_per_socket < 1 || h.num_cpu % *spec.num_cores_per_socket)
            return Invalid("numCoresPerSocket", base::Cat(h.num_cpu, " virtual processors do not make sockets of ",
                                                          *spec.num_cores_per_socket, " cores"));
        h.num_cores_per_socket = *spec.num_cores_per_socket;
    }
    if (!spec.memory_mb) return {};
    if (*spec.memory_mb < 4 || *spec.memory_mb > limits.max_memory_mb || *spec.memory_mb % 4) {
        auto clip = [](std::int64_t v) {
            return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, INT32_MIN, INT32_MAX));
        };
        return vim::Fault(vim::MemorySizeNotSupported(clip(*spec.memory_mb), 4, clip(limits.max_memory_mb)),
                          base::Cat(*spec.memory_mb, " MB of memory are not possible; multiples of 4 MB up to ",
                                    limits.max_memory_mb, " MB are"));
    }
    h.memory_mb = static_cast<std::int32_t>(*spec.memory_mb);
    return {};
}

vim::Result<> ApplyAllocation(const vim::Ptr<vim::ResourceAllocationInfo>& asked, std::string_view property, int low,
                              std::int64_t units, vim::Ptr<vim::ResourceAllocationInfo>& to) {
    vim::ResourceAllocationInfo& a = to.Mut();
    if (asked && asked->reservation) a.reservation = *asked->reservation;
    if (asked && asked->limit) a.limit = *asked->limit;
    if (asked && asked->shares) a.shares = asked->shares;
    if (a.reservation.value_or(0) < 0 || a.limit.value_or(-1) < -1 ||
        (a.limit.value_or(-1) >= 0 && *a.limit < a.reservation.value_or(0)))
        return Invalid(property, base::Cat(property, ": the limit must be -1 (none) or at least the reservation"));
    if (a.shares && (a.shares->shares < 0 || a.shares->shares > 1'000'000))
        return Invalid(property, base::Cat(property, ".shares.shares can be 0 to 1000000"));
    a.shares = a.shares ? SharesFor(a.shares->level, a.shares->shares, low, units)
                        : SharesFor(vim::SharesLevel::kNormal, 0, low, units);
    return {};
}

vim::Result<> ApplyExtraConfig(const Spec& spec, Config& c) {
    for (const auto& option : spec.extra_config) {
        const std::string* value = option->value.As<std::string>();
        std::string text = value ? *value : std::string();
        if (auto* flag = option->value.As<bool>()) text = *flag ? "TRUE" : "FALSE";
        if (auto* number = option->value.As<std::int32_t>()) text = base::Cat(*number);
        if (auto* number = option->value.As<std::int64_t>()) text = base::Cat(*number);
        std::string property = base::Cat("extraConfig[\"", option->key, "\"]");
        if (!codec::Vmx::IsKey(option->key))
            return Invalid(property, base::Cat("\"", option->key, "\" can be no key of a .vmx file"));
        if (text.size() > 64 << 10)
            return Invalid(property, base::Cat("the value of \"", option->key, "\" is longer than 64 KiB"));
        if (base::EqualNoCase(option->key, "disk.EnableUUID"))
            c.flags.Mut().disk_uuid_enabled = base::EqualNoCase(text, "true");
        // As scripts for other hosts switch change tracking; the lines of single disks follow from it.
        if (base::EqualNoCase(option->key, "ctkEnabled")) {
            c.change_tracking_enabled = base::EqualNoCase(text, "true");
            continue;
        }
        if (base::Lower(option->key).ends_with(".ctkenabled")) continue;
        if (IsManagedKey(option->key) || base::EqualNoCase(option->key, kModulesKey))
            return Invalid(property,
                           base::Cat("\"", option->key, "\" is set by a field of its own, not through extraConfig"));
        std::erase_if(c.extra_config, [&](const auto& o) { return base::EqualNoCase(o->key, option->key); });
        if (text.empty()) continue;
        vim::OptionValue kept;
        kept.key = option->key;
        kept.value = std::move(text);
        c.extra_config.push_back(std::move(kept));
    }
    return {};
}

vim::Result<> CheckWords(const Spec& spec) {
    auto check = [](const std::optional<std::string>& asked, std::string_view property,
                    std::initializer_list<std::string_view> words) -> vim::Result<> {
        if (!asked || std::find(words.begin(), words.end(), *asked) != words.end()) return {};
        std::string list;
        for (std::string_view word : words) list += base::Cat(list.empty() ? "" : ", ", word);
        return Invalid(property, base::Cat(property, " \"", *asked, "\" is not possible on this host: ", list));
    };
    CHECK(check(spec.swap_placement, "swapPlacement", {"inherit", "vmDirectory"}));     // the same here
    if (spec.tools)
        CHECK(check(spec.tools->tools_upgrade_policy, "tools.toolsUpgradePolicy", {"manual", "upgradeAtPowerCycle"}));
    if (!spec.power_op_info) return {};
    const auto& power = *spec.power_op_info;
    CHECK(check(power.power_off_type, "powerOpInfo.powerOffType", {"soft", "hard", "preset"}));
    CHECK(check(power.suspend_type, "powerOpInfo.suspendType", {"soft", "hard", "preset"}));
    return check(power.reset_type, "powerOpInfo.resetType", {"soft", "hard", "preset"});
}

vim::Result<> ApplyOptions(const Spec& spec, Config& c) {
    CHECK(CheckWords(spec));
    if (spec.firmware) {
        if (*spec.firmware != "bios" && *spec.firmware != "efi")
            return Invalid("firmware", base::Cat("firmware is \"bios\" or \"efi\", not \"", *spec.firmware, "\""));
        c.firmware = *spec.firmware;
    }
    auto take = [](const auto& asked, auto& field) {
        if (asked) field = asked;
    };
    take(spec.cpu_hot_add_enabled, c.cpu_hot_add_enabled);
    take(spec.cpu_hot_remove_enabled, c.cpu_hot_remove_enabled);
    take(spec.memory_hot_add_enabled, c.memory_hot_add_enabled);
    take(spec.change_tracking_enabled, c.change_tracking_enabled);
    take(spec.nested_hv_enabled, c.nested_hv_enabled);
    take(spec.v_pmc_enabled, c.v_pmc_enabled);
    take(spec.memory_reservation_locked_to_max, c.memory_reservation_locked_to_max);
    take(spec.guest_auto_lock_enabled, c.guest_auto_lock_enabled);
    take(spec.max_mks_connections, c.max_mks_connections);
    if (spec.flags) {
        take(spec.flags->enable_logging, c.flags.Mut().enable_logging);
        take(spec.flags->disk_uuid_enabled, c.flags.Mut().disk_uuid_enabled);
    }
    if (spec.tools) {
        vim::ToolsConfigInfo& t = c.tools.Mut();
        take(spec.tools->after_power_on, t.after_power_on);
        take(spec.tools->after_resume, t.after_resume);
        take(spec.tools->before_guest_standby, t.before_guest_standby);
        take(spec.tools->before_guest_shutdown, t.before_guest_shutdown);
        take(spec.tools->sync_time_with_host, t.sync_time_with_host);
        take(spec.tools->sync_time_with_host_allowed, t.sync_time_with_host_allowed);
        take(spec.tools->tools_upgrade_policy, t.tools_upgrade_policy);
    }
    if (spec.power_op_info) {
        vim::VirtualMachineDefaultPowerOpInfo& p = c.default_power_ops.Mut();
        take(spec.power_op_info->power_off_type, p.power_off_type);
        take(spec.power_op_info->suspend_type, p.suspend_type);
        take(spec.power_op_info->reset_type, p.reset_type);
    }
    return {};
}

// All of its memory is reserved, whatever was asked for and however much it gets.
vim::Result<> LockMemory(Config& c) {
    if (!c.memory_reservation_locked_to_max.value_or(false)) return {};
    std::int64_t limit = c.memory_allocation->limit.value_or(-1), size = c.hardware->memory_mb;
    if (limit >= 0 && limit < size)
        return Invalid("memoryAllocation.limit",
                       base::Cat("the reservation is locked to all ", size,
                                 " MB (memoryReservationLockedToMax): a limit of ", limit, " MB is less"));
    c.memory_allocation.Mut().reservation = size;
    return {};
}

}  // namespace

vim::Fault InvalidSpec(std::string_view property, std::string words) { return Invalid(property, std::move(words)); }

vim::Result<> CheckName(const std::string& name, const vim::Ref& entity) {
    return CheckNameOf("a virtual machine", name, entity);
}

vim::Result<Change> Apply(const Spec& spec, Config config, const Situation& s) {
    if (spec.change_version && !spec.change_version->empty() && *spec.change_version != config.change_version)
        return vim::Fault(vim::ConcurrentAccess(),
                          base::Cat("the configuration was changed in the meantime: it is version ",
                                    config.change_version, ", the change was made for ", *spec.change_version));
    CHECK(CheckUnsupported(spec));
    CHECK(CheckRunning(spec, s, config));
    const Config before = config;
    Change change{.config = std::move(config), .files = {}, .live = {}};
    Config& c = change.config;
    CHECK(ApplyNames(spec, c));
    CHECK(ApplySize(spec, s.limits, c));
    CHECK(ApplyAllocation(spec.cpu_allocation, "cpuAllocation", kCpuSharesLow, c.hardware->num_cpu, c.cpu_allocation));
    CHECK(ApplyAllocation(spec.memory_allocation, "memoryAllocation", kMemorySharesLow, c.hardware->memory_mb,
                          c.memory_allocation));
    CHECK(ApplyOptions(spec, c));
    CHECK(LockMemory(c));
    CHECK(ApplyBoot(spec, c));
    CHECK(ApplyExtraConfig(spec, c));
    CHECK(ApplyGrowth(before, s, change));
    CHECK(ApplyScheduling(spec, s, change));
    if (spec.v_app_config) CHECK(ApplyVApp(*spec.v_app_config, c));
    if (spec.v_app_config_removed.value_or(false)) c.v_app_config = nullptr;
    CHECK(ApplyDevices(spec, s, change));
    return change;
}

bool Complement(Config& config, const std::function<bool(std::string_view)>& mac_taken) {
    bool added = false;
    if (config.uuid.empty()) {
        config.uuid = base::NewUuid();
        config.uuid.replace(0, 4, "564d");               // as all of them begin
        added = true;
    }
    if (!config.location_id) config.location_id = config.uuid, added = true;
    if (!config.instance_uuid) {
        config.instance_uuid = base::NewUuid();
        config.instance_uuid->replace(0, 2, "52");
        added = true;
    }
    for (Device& d : config.hardware.Mut().device) {
        auto* nic = d.As<vim::VirtualEthernetCard>();
        if (!nic || nic->mac_address) continue;
        std::string mac = NewMac();
        while (mac_taken && mac_taken(mac)) mac = NewMac();
        static_cast<vim::VirtualEthernetCard&>(d.Mut()).mac_address = mac;
        added = true;
    }
    return added;
}

}  // namespace vm
