#include "host/hardware.h"

#include "base/text.h"
#include "host/make.h"
#include "platform/cpu_text.h"

namespace host {
namespace {

using platform::MachineFacts;

std::string Or(const std::string& value, std::string_view otherwise) {
    return value.empty() ? std::string(otherwise) : value;
}

// The short word that HostCpuPackage has for a maker.
std::string CpuVendor(const std::string& vendor) {
    if (vendor == "GenuineIntel") return "intel";
    if (vendor == "AuthenticAMD") return "amd";
    return "unknown";
}

std::string ModelOf(const MachineFacts& m) {
    return Or(m.board.model, m.cpu.virtualised ? "Virtual machine" : "x86_64 machine");
}
std::string VendorOf(const MachineFacts& m) { return Or(m.board.vendor, "Unknown"); }
std::string UuidOf(const MachineFacts& m, const HostOptions& o) { return Or(m.board.uuid, o.uuid); }

std::vector<vim::Ptr<vim::HostSystemIdentificationInfo>> Identities(const MachineFacts& m) {
    std::vector<vim::Ptr<vim::HostSystemIdentificationInfo>> out;
    auto add = [&](const std::string& value, std::string_view key, std::string_view label) {
        vim::HostSystemIdentificationInfo info;
        info.identifier_value = Or(value, "unknown");
        info.identifier_type = Describe(key, label, label);
        out.push_back(std::move(info));
    };
    add(m.board.asset_tag, "AssetTag", "Asset Tag");
    add(m.board.serial, "ServiceTag", "Service tag");
    return out;
}

std::vector<vim::Ptr<vim::HostCpuIdInfo>> CpuFeatures(const platform::Cpu& cpu) {
    std::vector<vim::Ptr<vim::HostCpuIdInfo>> out;
    for (const auto& l : cpu.cpuid) {
        vim::HostCpuIdInfo info;
        info.level = static_cast<std::int32_t>(l.level);
        info.vendor = CpuVendor(cpu.vendor);
        info.eax = platform::RegisterBits(l.eax);
        info.ebx = platform::RegisterBits(l.ebx);
        info.ecx = platform::RegisterBits(l.ecx);
        info.edx = platform::RegisterBits(l.edx);
        out.push_back(std::move(info));
    }
    return out;
}

std::vector<vim::Ptr<vim::HostCpuPackage>> Packages(const platform::Cpu& cpu) {
    std::vector<vim::Ptr<vim::HostCpuPackage>> out;
    for (const auto& p : cpu.packages) {
        vim::HostCpuPackage package;
        package.index = static_cast<std::int16_t>(p.index);
        package.vendor = CpuVendor(cpu.vendor);
        package.hz = cpu.hz;
        package.bus_hz = 100'000'000;        // the reference clock of every x86 since 2008
        package.description = cpu.model;
        package.thread_id.assign(p.threads.begin(), p.threads.end());
        package.cpu_feature = CpuFeatures(cpu);
        out.push_back(std::move(package));
    }
    return out;
}

vim::Ptr<vim::HostNumaInfo> Numa(const MachineFacts& m) {
    vim::HostNumaInfo numa;
    numa.type_ = m.numa.size() > 1 ? "NUMA" : "None";
    numa.num_nodes = static_cast<std::int32_t>(m.numa.size());
    std::int64_t begin = 0;                  // ranges in order of the nodes: the kernel does not say more
    for (const auto& n : m.numa) {
        vim::HostNumaNode node;
        node.type_id = static_cast<std::int8_t>(n.id);
        node.cpu_id.assign(n.threads.begin(), n.threads.end());
        node.memory_range_begin = begin;
        node.memory_range_length = n.memory_bytes;
        begin += n.memory_bytes;
        numa.numa_node.push_back(std::move(node));
    }
    return numa;
}

std::vector<vim::Ptr<vim::HostPciDevice>> PciDevices(const MachineFacts& m) {
    std::vector<vim::Ptr<vim::HostPciDevice>> out;
    for (const auto& d : m.pci) {
        vim::HostPciDevice pci;
        pci.id = d.id;
        pci.class_id = static_cast<std::int16_t>(d.class_code >> 8);
        pci.bus = static_cast<std::int8_t>(d.bus);
        pci.slot = static_cast<std::int8_t>(d.slot);
        pci.function = static_cast<std::int8_t>(d.function);
        pci.vendor_id = static_cast<std::int16_t>(d.vendor);
        pci.device_id = static_cast<std::int16_t>(d.device);
        pci.sub_vendor_id = static_cast<std::int16_t>(d.sub_vendor);
        pci.sub_device_id = static_cast<std::int16_t>(d.sub_device);
        pci.vendor_name = d.vendor_name;
        pci.device_name = d.device_name;
        if (!d.parent.empty()) pci.parent_bridge = d.parent;
        out.push_back(std::move(pci));
    }
    return out;
}

vim::Ptr<vim::ElementDescription> Green(std::string_view what) {
    return Describe("Green", "Green", base::Cat(what, " is operating normally"));
}

}  // namespace

bool HasHyperThreads(const MachineFacts& machine) { return machine.cpu.threads > machine.cpu.cores; }

vim::Ptr<vim::HostHardwareInfo> Hardware(const MachineFacts& machine, const HostOptions& options) {
    vim::HostHardwareInfo h;
    auto& system = h.system_info.Mut();
    system.vendor = VendorOf(machine);
    system.model = ModelOf(machine);
    system.uuid = UuidOf(machine, options);
    system.other_identifying_info = Identities(machine);
    auto& power = h.cpu_power_management_info.Mut();
    power.current_policy = "Not supported";
    power.hardware_support = "";
    auto& cpu = h.cpu_info.Mut();
    cpu.num_cpu_packages = static_cast<std::int16_t>(machine.cpu.packages.size());
    cpu.num_cpu_cores = static_cast<std::int16_t>(machine.cpu.cores);
    cpu.num_cpu_threads = static_cast<std::int16_t>(machine.cpu.threads);
    cpu.hz = machine.cpu.hz;
    h.cpu_pkg = Packages(machine.cpu);
    h.memory_size = machine.memory_bytes;
    h.numa_info = Numa(machine);
    h.pci_device = PciDevices(machine);
    h.cpu_feature = CpuFeatures(machine.cpu);
    auto& bios = h.bios_info.Mut();
    bios.bios_version = Or(machine.board.bios_version, "N/A");
    if (machine.board.bios_date != base::Time{}) bios.release_date = machine.board.bios_date;
    return h;
}

vim::Ptr<vim::HostHardwareSummary> HardwareSummary(const MachineFacts& machine, const HostOptions& options) {
    vim::HostHardwareSummary h;
    h.vendor = VendorOf(machine);
    h.model = ModelOf(machine);
    h.uuid = UuidOf(machine, options);
    h.other_identifying_info = Identities(machine);
    h.memory_size = machine.memory_bytes;
    h.cpu_model = machine.cpu.model;
    h.cpu_mhz = static_cast<std::int32_t>(machine.cpu.hz / 1'000'000);
    h.num_cpu_pkgs = static_cast<std::int16_t>(machine.cpu.packages.size());
    h.num_cpu_cores = static_cast<std::int16_t>(machine.cpu.cores);
    h.num_cpu_threads = static_cast<std::int16_t>(machine.cpu.threads);
    h.num_nics = static_cast<std::int32_t>(
        std::count_if(machine.nics.begin(), machine.nics.end(), [](const auto& n) { return n.physical; }));
    h.num_hb_as = static_cast<std::int32_t>(
        std::count_if(machine.pci.begin(), machine.pci.end(), [](const auto& d) { return d.class_code >> 16 == 1; }));
    return h;
}

// What the kernel runs on works: without sensors there is no more to say.
vim::Ptr<vim::HealthSystemRuntime> Health(const MachineFacts& machine) {
    vim::HealthSystemRuntime health;
    health.system_health_info.Mut();
    auto& status = health.hardware_status_info.Mut();
    vim::HostHardwareElementInfo memory;
    memory.name = "Memory";
    memory.status = Green("Memory");
    status.memory_status_info.push_back(std::move(memory));
    for (const auto& p : machine.cpu.packages) {
        vim::HostHardwareElementInfo cpu;
        cpu.name = base::Cat("CPU ", p.index);
        cpu.status = Green(cpu.name);
        status.cpu_status_info.push_back(std::move(cpu));
    }
    return health;
}

}  // namespace host
