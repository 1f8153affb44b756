#include "host/capability.h"

namespace host {

vim::Ptr<vim::HostCapability> HostCapabilities(const HostOptions& options) {
    vim::HostCapability c;
    c.cpu_memory_resource_configuration_supported = true;
    c.max_supported_v_ms = kMaxVms;
    c.max_running_v_ms = kMaxVms;
    c.max_supported_vcpus = kMaxVcpus;
    c.max_registered_v_ms = 4 * kMaxVms;
    c.max_host_running_vms = kMaxVms;
    c.max_host_supported_vcpus = 4096;
    c.high_guest_mem_supported = true;
    c.pre_assigned_pci_unit_numbers_supported = true;
    c.login_by_ssl_thumbprint_supported = true;
    c.v_storage_capable = false;
    c.vmfs_datastore_mount_capable = false;
    c.supported_vmfs_major_version = {5, 6};
    c.nested_hv_supported = options.hardware_virtualisation;
    c.virtual_exec_usage_supported = options.hardware_virtualisation;
    c.clone_from_snapshot_supported = c.delta_disk_backings_supported = true;
    c.host_access_manager_supported = true;
    c.multiple_network_stack_instance_supported = false;
    c.storage_policy_supported = false;
    c.vsan_supported = false;
    c.v_flash_supported = false;
    c.vm_direct_path_gen2_unsupported_reason = {"hostNptIncompatibleHardware"};
    c.replay_unsupported_reason = "hostNotSupported";
    return c;
}

vim::Ptr<vim::VirtualMachineCapability> VmCapabilities() {
    vim::VirtualMachineCapability c;
    c.s1_acpi_management_supported = true;
    c.tools_sync_time_supported = true;
    c.virtual_mmu_usage_supported = true;
    c.boot_options_supported = true;
    c.change_tracking_supported = true;
    c.multiple_cores_per_socket_supported = true;
    c.setting_video_ram_size_supported = true;
    c.boot_retry_options_supported = c.disk_shares_supported = true;
    c.secure_boot_supported = true;
    return c;
}

}  // namespace host
