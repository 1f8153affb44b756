// The HostSystem object: what the machine is, how it is set up, how it is doing.
#include "host/about.h"
#include "host/capability.h"
#include "host/capacity.h"
#include "host/hardware.h"
#include "host/ids.h"
#include "host/make.h"
#include "host/network_info.h"
#include "host/services.h"
#include "host/storage_info.h"
#include "host/tree.h"

namespace host {
namespace {

using platform::MachineFacts;

std::string FullName(const platform::NetworkFacts& n) {
    return n.domain.empty() ? n.host_name : n.host_name + "." + n.domain;
}

vim::Ptr<vim::HostConfigManager> ConfigManager() {
    vim::HostConfigManager m;
    m.cpu_scheduler = CpuSchedulerRef();
    m.datastore_system = DatastoreSystemRef();
    m.memory_manager = MemorySystemRef();
    m.storage_system = StorageSystemRef();
    m.network_system = NetworkSystemRef();
    m.vmotion_system = VMotionSystemRef();
    m.virtual_nic_manager = VirtualNicManagerRef();
    m.service_system = ServiceSystemRef();
    m.firewall_system = FirewallSystemRef();
    m.advanced_option = AdvancedOptionsRef();
    m.diagnostic_system = DiagnosticSystemRef();
    m.auto_start_manager = AutoStartManagerRef();
    m.snmp_system = SnmpSystemRef();
    m.date_time_system = DateTimeSystemRef();
    m.patch_manager = PatchManagerRef();
    m.image_config_manager = ImageConfigManagerRef();
    m.firmware_system = FirmwareSystemRef();
    m.health_status_system = HealthStatusSystemRef();
    m.pci_passthru_system = PciPassthruSystemRef();
    m.license_manager = LicenseManagerRef();
    m.kernel_module_system = KernelModuleSystemRef();
    m.authentication_manager = AuthenticationManagerRef();
    m.power_system = PowerSystemRef();
    m.iscsi_manager = IscsiManagerRef();
    m.user_directory = UserDirectoryRef();
    m.account_manager = AccountManagerRef();
    m.host_access_manager = AccessManagerRef();
    m.certificate_manager = CertificateManagerRef();
    return m;
}

vim::Ptr<vim::HostRuntimeInfo> Runtime(const MachineFacts& machine, const HostOptions& options) {
    const auto capacity = CapacityOf(machine, options);
    vim::HostRuntimeInfo r;
    r.connection_state = vim::HostSystemConnectionState::kConnected;
    r.power_state = vim::HostSystemPowerState::kPoweredOn;
    r.standby_mode = "none";
    r.in_maintenance_mode = false;
    r.boot_time = machine.boot_time;
    r.health_system_runtime = Health(machine);
    r.cpu_capacity_for_vm = capacity.vm_mhz;
    r.memory_capacity_for_vm = capacity.vm_bytes;
    r.host_max_virtual_disk_capacity = kMaxDiskBytes;
    return r;
}

vim::Ptr<vim::HostAuthenticationManagerInfo> Authentication() {
    vim::HostLocalAuthenticationInfo local;
    local.enabled = true;
    vim::HostActiveDirectoryInfo domain;
    domain.enabled = false;
    domain.domain_membership_status = "noServers";
    vim::HostAuthenticationManagerInfo info;
    info.auth_config = {std::move(local), std::move(domain)};
    return info;
}

// Policies are named but one alone is in force: the kernel's own.
void FillPower(vim::HostConfigInfo& c) {
    vim::HostPowerPolicy p;
    p.key = 2;
    p.name = "PowerPolicy.dynamic.name";
    p.short_name = "dynamic";
    p.description = "PowerPolicy.dynamic.description";
    c.power_system_info.Mut().current_policy = p;
    c.power_system_capability.Mut().available_policy = {std::move(p)};
}

vim::Ptr<vim::HostSystemResourceInfo> SystemResources(const Capacity& capacity) {
    auto allocation = [](std::int64_t amount) {
        vim::ResourceAllocationInfo a;
        a.reservation = amount;
        a.expandable_reservation = true;
        a.limit = -1;
        a.shares = Shares(500, vim::SharesLevel::kCustom);
        return a;
    };
    vim::HostSystemResourceInfo r;
    r.key = "host/system";
    auto& config = r.config.Mut();
    config.cpu_allocation = allocation(capacity.total_mhz - capacity.vm_mhz);
    config.memory_allocation = allocation((capacity.total_bytes - capacity.vm_bytes) >> 20);
    return r;
}

vim::Ptr<vim::HostDatastoreSystemCapabilities> DatastoreCapabilities() {
    vim::HostDatastoreSystemCapabilities c;
    c.local_datastore_supported = true;
    return c;
}

void FillHardwareConfig(vim::HostConfigInfo& c, const MachineFacts& machine, const Capacity& capacity) {
    auto& threads = c.hyper_thread.Mut();
    threads.available = threads.active = threads.config = HasHyperThreads(machine);
    auto& memory = c.virtual_machine_reservation.Mut();
    memory.virtual_machine_max = memory.virtual_machine_reserved = capacity.vm_bytes;
    memory.allocation_policy = "swapSome";
    c.storage_device = StorageDevices(machine);
    c.multipath_state = PathStates(*c.storage_device);
    c.file_system_volume.Mut().volume_type_list = {"VMFS", "NFS"};
    for (const auto& d : machine.pci) {
        vim::HostPciPassthruInfo info;
        info.id = info.dependent_device = d.id;
        c.pci_passthru_info.push_back(std::move(info));
    }
    FillPower(c);
}

void FillNetworkConfig(vim::HostConfigInfo& c, const MachineFacts& machine, const HostOptions& options) {
    c.network = NetworkInfo(machine, options);
    c.capabilities = NetCapabilities();
    auto& offload = c.offload_capabilities.Mut();
    offload.csum_offload = offload.tcp_segmentation = offload.zero_copy_xmit = true;
    c.virtual_nic_manager_info = NicManagerInfo(*c.network);
    c.vmotion.Mut().net_config.Mut();
    c.service = Services(options);
    c.firewall = Firewall(options);
    c.date_time_info = DateTime(options);
}

vim::Ptr<vim::HostConfigInfo> Config(const MachineFacts& machine, const HostOptions& options) {
    vim::HostConfigInfo c;
    c.host = HostRef();
    c.product = About(options.build);
    FillHardwareConfig(c, machine, CapacityOf(machine, options));
    FillNetworkConfig(c, machine, options);
    c.datastore_capabilities = DatastoreCapabilities();
    auto& defaults = c.auto_start.Mut().defaults.Mut();
    defaults.enabled = false;
    defaults.start_delay = defaults.stop_delay = 120;
    defaults.wait_for_heartbeat = false;
    defaults.stop_action = "PowerOff";
    c.system_resources = SystemResources(CapacityOf(machine, options));
    c.flags.Mut().background_snapshots_enabled = false;
    c.admin_disabled = false;
    c.lockdown_mode = vim::HostLockdownMode::kLockdownDisabled;
    c.ipmi.Mut();
    c.certificate.assign(options.certificate.pem.begin(), options.certificate.pem.end());
    c.authentication_manager_info = Authentication();
    c.wake_on_lan_capable = false;
    return c;
}

vim::Ptr<vim::HostListSummary> Summary(const vim::HostSystem& h, const MachineFacts& machine,
                                       const HostOptions& options) {
    vim::HostListSummary s;
    s.host = HostRef();
    s.hardware = HardwareSummary(machine, options);
    s.runtime = h.runtime;
    auto& config = s.config.Mut();
    config.name = h.name;
    config.port = options.port;
    if (!options.certificate.thumbprint.empty()) config.ssl_thumbprint = options.certificate.thumbprint;
    config.product = h.config->product;
    auto& stats = s.quick_stats.Mut();
    stats.overall_cpu_usage = 0;
    stats.overall_memory_usage = 0;
    stats.uptime = 0;
    s.overall_status = vim::ManagedEntityStatus::kGreen;
    return s;
}

vim::Ptr<vim::HostLicensableResourceInfo> Licensable(const MachineFacts& machine) {
    vim::HostLicensableResourceInfo r;
    r.resource = {KeyValue("numCpuPackages", static_cast<std::int16_t>(machine.cpu.packages.size())),
                  KeyValue("memorySize", machine.memory_bytes)};
    return r;
}

}  // namespace

void AddHost(inventory::Edit& edit, const MachineFacts& machine, const HostOptions& options) {
    vim::HostSystem h;
    h.self = HostRef();
    h.parent = ComputeResourceRef();
    h.name = FullName(options.network);
    h.overall_status = h.config_status = vim::ManagedEntityStatus::kGreen;
    h.runtime = Runtime(machine, options);
    h.hardware = Hardware(machine, options);
    h.capability = HostCapabilities(options);
    h.licensable_resource = Licensable(machine);
    h.config_manager = ConfigManager();
    h.config = Config(machine, options);
    h.summary = Summary(h, machine, options);
    h.datastore_browser = HostBrowserRef();
    h.system_resources = h.config->system_resources;
    edit.Add(std::move(h));
}

}  // namespace host
