// What of a spec can change while the guest runs: more processors and memory can, where the
// VM was started for it.
#include <unistd.h>

#include "base/text.h"
#include "vm/change.h"
#include "vm/growth.h"

namespace vm {
namespace {

using PowerState = vim::VirtualMachinePowerState;

template <class A, class B> bool Differs(const A& asked, const B& has) { return asked && *asked != has; }

// Keys of extraConfig by which a device is made another model.
bool IsModelKey(std::string_view key) {
    return base::Lower(key).starts_with("bedplate.") && base::Lower(key).ends_with(".model");
}

// The first part of the spec that would change the machine under the guest.
const char* NeedsPowerOff(const Spec& spec, const Config& now) {
    auto on = [](const std::optional<bool>& flag) { return flag.value_or(false); };
    const auto& boot = spec.boot_options;
    for (const auto& option : spec.extra_config)
        if (IsModelKey(option->key)) return "a key that chooses the model of a device";
    if (Differs(spec.num_cores_per_socket, now.hardware->num_cores_per_socket.value_or(1))) return "numCoresPerSocket";
    if (Differs(spec.uuid, now.uuid)) return "uuid";
    if (Differs(spec.guest_id, now.guest_id)) return "guestId";
    if (Differs(spec.version, now.version)) return "version";
    if (spec.firmware && spec.firmware != now.firmware) return "firmware";
    if (Differs(spec.cpu_hot_add_enabled, on(now.cpu_hot_add_enabled))) return "cpuHotAddEnabled";
    if (Differs(spec.memory_hot_add_enabled, on(now.memory_hot_add_enabled))) return "memoryHotAddEnabled";
    if (Differs(spec.nested_hv_enabled, on(now.nested_hv_enabled))) return "nestedHVEnabled";
    if (spec.latency_sensitivity && spec.latency_sensitivity->level != now.latency_sensitivity->level)
        return "latencySensitivity";
    if (boot && now.boot_options &&
        Differs(boot->efi_secure_boot_enabled, on(now.boot_options->efi_secure_boot_enabled)))
        return "efiSecureBootEnabled";
    return nullptr;
}

vim::Result<> CheckCpus(const Spec& spec, const Config& now) {
    int has = now.hardware->num_cpu, cores = now.hardware->num_cores_per_socket.value_or(1);
    if (!Differs(spec.num_cp_us, has)) return {};
    const char* why =
        *spec.num_cp_us < has ? "processors cannot be taken away while the virtual machine runs"
        : !now.cpu_hot_add_enabled.value_or(false)
            ? "processors can be added while it runs only after cpuHotAddEnabled was set with the power off"
        : *spec.num_cp_us % cores ? "processors are added in whole sockets"
                                  : nullptr;
    if (why) return vim::Fault(vim::CpuHotPlugNotSupported(), why);
    if (*spec.num_cp_us > MostCpus(now))
        return vim::Fault(vim::CpuHotPlugNotSupported(),
                          base::Cat(*spec.num_cp_us, " processors are more than the ", MostCpus(now),
                                    " that this virtual machine has places for"));
    return {};
}

vim::Result<> CheckMemory(const Spec& spec, const Config& now) {
    std::int64_t has = now.hardware->memory_mb;
    if (!Differs(spec.memory_mb, has)) return {};
    auto no = [](std::string words) { return vim::Fault(vim::MemoryHotPlugNotSupported(), std::move(words)); };
    if (*spec.memory_mb < has) return no("memory cannot be taken away while the virtual machine runs");
    if (!now.memory_hot_add_enabled.value_or(false))
        return no("memory can be added while it runs only after memoryHotAddEnabled was set with the power off");
    if ((*spec.memory_mb - has) % kModuleStepMb)
        return no(base::Cat("memory is added in steps of ", kModuleStepMb, " MB"));
    if (*spec.memory_mb > MostMemory(now))
        return no(base::Cat(*spec.memory_mb, " MB are more than the ", MostMemory(now),
                            " MB that this virtual machine can have until it is powered off (hotPlugMemoryLimit)"));
    if (ModulesOf(now).size() >= kMostModules)
        return no(base::Cat("it was given memory ", kMostModules, " times already; power it off to give it more"));
    return {};
}

}  // namespace

vim::Result<> CheckRunning(const Spec& spec, const Situation& s, const Config& now) {
    if (!s.running) return {};
    const char* what = NeedsPowerOff(spec, now);
    bool suspended = s.state != PowerState::kPoweredOn;
    if (!what && suspended)
        what = Differs(spec.num_cp_us, now.hardware->num_cpu)                   ? "numCPUs"
               : Differs(spec.memory_mb, std::int64_t(now.hardware->memory_mb)) ? "memoryMB"
                                                                                : nullptr;
    if (what)
        return vim::Fault(
            vim::InvalidPowerState(PowerState::kPoweredOff, s.state),
            base::Cat(what, " can be changed while the virtual machine is powered off; it is ", vim::Name(s.state)));
    CHECK(CheckCpus(spec, now));
    return CheckMemory(spec, now);
}

vim::Result<> ApplyGrowth(const Config& before, const Situation& s, Change& change) {
    Config& c = change.config;
    if (!s.running) {
        SetModules(c, {});
    } else if (std::int64_t more = c.hardware->memory_mb - before.hardware->memory_mb; more > 0) {
        auto modules = ModulesOf(before);
        modules.push_back(more);
        SetModules(c, modules);
        change.live.grows = true;
    }
    if (s.running && c.hardware->num_cpu != before.hardware->num_cpu) change.live.grows = true;
    TakeGrowth(c);
    return {};
}

vim::Result<> ApplyScheduling(const Spec& spec, const Situation& s, Change& change) {
    Config& c = change.config;
    if (spec.latency_sensitivity) c.latency_sensitivity = spec.latency_sensitivity;
    if (!spec.cpu_affinity) return {};
    for (std::int32_t number : spec.cpu_affinity->affinity_set)
        if (number < 0 || number >= sysconf(_SC_NPROCESSORS_CONF))
            return InvalidSpec("cpuAffinity.affinitySet",
                               base::Cat("this host has no logical processor ", number, "; it has 0 to ",
                                         sysconf(_SC_NPROCESSORS_CONF) - 1));
    bool none = spec.cpu_affinity->affinity_set.empty();
    c.cpu_affinity = none ? vim::Ptr<vim::VirtualMachineAffinityInfo>() : spec.cpu_affinity;
    change.live.affinity = s.running;
    return {};
}

vim::Result<> ApplyBoot(const Spec& spec, Config& c) {
    if (!spec.boot_options) return {};
    const vim::VirtualMachineBootOptions& asked = *spec.boot_options;
    vim::VirtualMachineBootOptions& b = c.boot_options.Mut();
    auto take = [](const auto& from, auto& to) {
        if (from) to = from;
    };
    for (auto [milliseconds, name] :
         {std::pair(asked.boot_delay, "bootDelay"), {asked.boot_retry_delay, "bootRetryDelay"}})
        if (milliseconds && (*milliseconds < 0 || *milliseconds > 65535))
            return InvalidSpec(base::Cat("bootOptions.", name),
                               base::Cat(*milliseconds, " ms are not possible; 0 to 65535 are"));
    if (asked.network_boot_protocol && *asked.network_boot_protocol != "ipv4" && *asked.network_boot_protocol != "ipv6")
        return InvalidSpec("bootOptions.networkBootProtocol", "it is ipv4 or ipv6");
    take(asked.boot_delay, b.boot_delay);
    take(asked.enter_bios_setup, b.enter_bios_setup);
    take(asked.efi_secure_boot_enabled, b.efi_secure_boot_enabled);
    take(asked.boot_retry_enabled, b.boot_retry_enabled);
    take(asked.boot_retry_delay, b.boot_retry_delay);
    take(asked.network_boot_protocol, b.network_boot_protocol);
    if (asked.boot_order.empty()) return {};
    b.boot_order.clear();
    // A device that is none says: back to the firmware's own order.
    for (const auto& device : asked.boot_order)
        if (&device->type() != &vim::VirtualMachineBootOptionsBootableDevice::kType) b.boot_order.push_back(device);
    return {};
}

}  // namespace vm
