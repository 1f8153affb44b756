#include "host/config_option.h"

#include "base/text.h"
#include "host/capability.h"
#include "host/default_devices.h"
#include "host/device_options.h"
#include "host/guest_os.h"
#include "host/hardware_versions.h"
#include "host/ids.h"
#include "host/make.h"

namespace host {
namespace {

vim::Ptr<vim::ResourceAllocationOption> SharesOf(std::int32_t normal) {
    vim::ResourceAllocationOption o;
    auto& shares = o.shares_option.Mut();
    shares.shares_option = IntRange(0, 1'000'000, normal);
    shares.default_level = vim::SharesLevel::kNormal;
    return o;
}

vim::Ptr<vim::VirtualHardwareOption> HardwareOptions(const HardwareRow& row) {
    vim::VirtualHardwareOption o;
    const int version = row.version, cpus = std::min(row.max_cpus, kMaxVcpus);
    o.hw_version = version;
    o.virtual_device_option = DeviceOptions(version);
    for (int n = 1; n <= cpus; ++n) o.num_cpu.push_back(n);
    o.num_cores_per_socket = IntRange(1, cpus, 1);
    o.memory_mb = LongRange(4, std::min(row.max_memory_mb, kMaxVmMemoryMb), 2048);
    o.num_pci_controllers = IntRange(1, 1, 1);
    o.num_ide_controllers = IntRange(0, 2, 2);
    o.num_usb_controllers = IntRange(0, 1, 0);
    o.num_usbxhci_controllers = IntRange(0, version >= SinceHardware("VirtualUSBXHCIController") ? 1 : 0, 0);
    o.num_tpm_devices = IntRange(0, version >= SinceHardware("VirtualTPM") ? 1 : 0, 0);
    o.num_sio_controllers = IntRange(1, 1, 1);
    o.num_ps2_controllers = IntRange(1, 1, 1);
    auto& resources = o.resource_config_option.Mut();
    resources.cpu_allocation_option = SharesOf(1000);
    resources.memory_allocation_option = SharesOf(10);
    return o;
}

bool Chosen(const std::vector<std::string>& ids, std::string_view id) {
    return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
}

void AddDatastores(vim::ConfigTarget& t, const inventory::Snapshot& now, const vim::HostSystem& host) {
    for (const auto& ref : host.datastore) {
        auto* d = now.Get<vim::Datastore>(ref);
        if (!d) continue;
        vim::VirtualMachineDatastoreInfo info;
        info.name = d->name;
        info.datastore = d->summary;
        info.capability = d->capability;
        info.max_file_size = d->info->max_file_size;
        info.max_virtual_disk_capacity = kMaxDiskBytes;
        info.mode = d->host.empty() ? "readWrite" : d->host[0]->mount_info->access_mode;
        info.v_storage_support = "vStorageUnsupported";
        t.datastore.push_back(std::move(info));
    }
}

void AddNetworks(vim::ConfigTarget& t, const inventory::Snapshot& now, const vim::HostSystem& host) {
    for (const auto& ref : host.network) {
        auto* n = now.Get<vim::Network>(ref);
        if (!n) continue;
        vim::VirtualMachineNetworkInfo info;
        info.name = n->name;
        info.network = n->summary;
        t.network.push_back(std::move(info));
    }
}

}  // namespace

std::vector<vim::Ptr<vim::VirtualMachineConfigOptionDescriptor>> ConfigOptionDescriptors() {
    std::vector<vim::Ptr<vim::VirtualMachineConfigOptionDescriptor>> out;
    for (const auto& row : HardwareRows()) {
        vim::VirtualMachineConfigOptionDescriptor d;
        d.key = HardwareKey(row.version);
        d.description = base::Cat("Hardware version ", row.version, " (as of ", row.product, ")");
        d.host = {HostRef()};
        d.create_supported = true;
        d.default_config_option = d.key == kDefaultHardware;
        d.run_supported = true;
        d.upgrade_supported = true;
        out.push_back(std::move(d));
    }
    return out;
}

vim::Ptr<vim::VirtualMachineConfigOption> ConfigOption(std::string_view key,
                                                       const std::vector<std::string>& guest_ids) {
    const int version = HardwareNumber(key.empty() ? kDefaultHardware : key);
    const HardwareRow* hardware = FindHardware(version);
    if (!hardware) return {};
    vim::VirtualMachineConfigOption o;
    o.version = HardwareKey(version);
    o.description = base::Cat("Hardware version ", version, " (as of ", hardware->product, ")");
    for (const auto& row : GuestRows())
        if (row.since_hardware <= version && Chosen(guest_ids, row.id))
            o.guest_os_descriptor.push_back(GuestDescriptor(row));
    o.guest_os_default_index = 0;
    o.hardware_options = HardwareOptions(*hardware);
    o.capabilities = VmCapabilities();
    o.datastore.Mut();
    o.default_device = DefaultDevices();
    o.supported_monitor_type = {"release"};
    return o;
}

vim::Ptr<vim::ConfigTarget> ConfigTarget(const inventory::Snapshot& now) {
    vim::ConfigTarget t;
    auto* host = now.Get<vim::HostSystem>(HostRef());
    if (!host) return t;
    t.num_cpus = std::min<std::int32_t>(host->hardware->cpu_info->num_cpu_threads, kMaxVcpus);
    t.num_cpu_cores = host->hardware->cpu_info->num_cpu_cores;
    t.num_numa_nodes = host->hardware->numa_info->num_nodes;
    t.max_mem_mb_optimal_perf = static_cast<std::int32_t>(host->runtime->memory_capacity_for_vm.value_or(0) >> 20);
    AddDatastores(t, now, *host);
    AddNetworks(t, now, *host);
    if (auto* pool = now.Get<vim::ResourcePool>(RootPoolRef())) t.resource_pool = pool->runtime;
    t.auto_vmotion = false;
    return t;
}

}  // namespace host
