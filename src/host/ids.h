// The names of a host's own objects. Tools have some of them built in: they stay.
#pragma once

#include <string>
#include <string_view>

#include "vim/gen/all.h"

namespace host {

template <class T> vim::Ref RefTo(std::string_view id) { return {&T::kType, std::string(id)}; }

inline vim::Ref ServiceInstanceRef() { return RefTo<vim::ServiceInstance>("ServiceInstance"); }
inline vim::Ref RootFolderRef() { return RefTo<vim::Folder>("ha-folder-root"); }
inline vim::Ref DatacenterRef() { return RefTo<vim::Datacenter>("ha-datacenter"); }
inline vim::Ref VmFolderRef() { return RefTo<vim::Folder>("ha-folder-vm"); }
inline vim::Ref HostFolderRef() { return RefTo<vim::Folder>("ha-folder-host"); }
inline vim::Ref DatastoreFolderRef() { return RefTo<vim::Folder>("ha-folder-datastore"); }
inline vim::Ref NetworkFolderRef() { return RefTo<vim::Folder>("ha-folder-network"); }
inline vim::Ref ComputeResourceRef() { return RefTo<vim::ComputeResource>("ha-compute-res"); }
inline vim::Ref HostRef() { return RefTo<vim::HostSystem>("ha-host"); }
inline vim::Ref RootPoolRef() { return RefTo<vim::ResourcePool>("ha-root-pool"); }
inline vim::Ref EnvironmentBrowserRef() { return RefTo<vim::EnvironmentBrowser>("ha-environment-browser"); }
inline vim::Ref HostBrowserRef() { return RefTo<vim::HostDatastoreBrowser>("ha-host-datastorebrowser"); }
inline vim::Ref DatastoreRef(std::string_view volume_id) { return RefTo<vim::Datastore>(volume_id); }
inline vim::Ref DatastoreBrowserRef(std::string_view volume_id) {
    return RefTo<vim::HostDatastoreBrowser>("datastoreBrowser-" + std::string(volume_id));
}
inline vim::Ref NetworkRef(std::string_view name) { return RefTo<vim::Network>("HaNetwork-" + std::string(name)); }

// The services of ServiceContent.
inline vim::Ref PropertyCollectorRef() { return RefTo<vim::PropertyCollector>("ha-property-collector"); }
inline vim::Ref ViewManagerRef() { return RefTo<vim::ViewManager>("ViewManager"); }
inline vim::Ref SettingRef() { return RefTo<vim::OptionManager>("HostAgentSettings"); }
inline vim::Ref UserDirectoryRef() { return RefTo<vim::UserDirectory>("ha-user-directory"); }
inline vim::Ref SessionManagerRef() { return RefTo<vim::SessionManager>("ha-sessionmgr"); }
inline vim::Ref AuthorizationManagerRef() { return RefTo<vim::AuthorizationManager>("ha-authmgr"); }
inline vim::Ref ServiceManagerRef() { return RefTo<vim::ServiceManager>("ha-servicemanager"); }
inline vim::Ref PerformanceManagerRef() { return RefTo<vim::PerformanceManager>("ha-perfmgr"); }
inline vim::Ref EventManagerRef() { return RefTo<vim::EventManager>("ha-eventmgr"); }
inline vim::Ref TaskManagerRef() { return RefTo<vim::TaskManager>("ha-taskmgr"); }
inline vim::Ref AccountManagerRef() { return RefTo<vim::HostLocalAccountManager>("ha-localacctmgr"); }
inline vim::Ref DiagnosticManagerRef() { return RefTo<vim::DiagnosticManager>("ha-diagnosticmgr"); }
inline vim::Ref LicenseManagerRef() { return RefTo<vim::LicenseManager>("ha-license-manager"); }
inline vim::Ref SearchIndexRef() { return RefTo<vim::SearchIndex>("ha-searchindex"); }
inline vim::Ref FileManagerRef() { return RefTo<vim::FileManager>("ha-nfc-file-manager"); }
inline vim::Ref VirtualDiskManagerRef() { return RefTo<vim::VirtualDiskManager>("ha-vdiskmanager"); }
inline vim::Ref OvfManagerRef() { return RefTo<vim::OvfManager>("ha-ovf-manager"); }
inline vim::Ref DvSwitchManagerRef() { return RefTo<vim::DistributedVirtualSwitchManager>("ha-dvsmanager"); }
inline vim::Ref LocalizationManagerRef() { return RefTo<vim::LocalizationManager>("ha-l10n-manager"); }
inline vim::Ref StorageResourceManagerRef() {
    return RefTo<vim::StorageResourceManager>("ha-storage-resource-manager");
}
inline vim::Ref GuestOperationsManagerRef() {
    return RefTo<vim::GuestOperationsManager>("ha-guest-operations-manager");
}

inline vim::Ref GuestAuthManagerRef() { return RefTo<vim::GuestAuthManager>("ha-guest-operations-auth-manager"); }
inline vim::Ref GuestFileManagerRef() { return RefTo<vim::GuestFileManager>("ha-guest-operations-file-manager"); }
inline vim::Ref GuestProcessManagerRef() {
    return RefTo<vim::GuestProcessManager>("ha-guest-operations-process-manager");
}

// The subsystems of HostConfigManager.
inline vim::Ref CpuSchedulerRef() { return RefTo<vim::HostCpuSchedulerSystem>("cpuSchedulerSystem"); }
inline vim::Ref DatastoreSystemRef() { return RefTo<vim::HostDatastoreSystem>("ha-datastoresystem"); }
inline vim::Ref MemorySystemRef() { return RefTo<vim::HostMemorySystem>("memoryManagerSystem"); }
inline vim::Ref StorageSystemRef() { return RefTo<vim::HostStorageSystem>("storageSystem"); }
inline vim::Ref NetworkSystemRef() { return RefTo<vim::HostNetworkSystem>("networkSystem"); }
inline vim::Ref VMotionSystemRef() { return RefTo<vim::HostVMotionSystem>("ha-vmotion-system"); }
inline vim::Ref VirtualNicManagerRef() { return RefTo<vim::HostVirtualNicManager>("ha-vnic-mgr"); }
inline vim::Ref ServiceSystemRef() { return RefTo<vim::HostServiceSystem>("serviceSystem"); }
inline vim::Ref FirewallSystemRef() { return RefTo<vim::HostFirewallSystem>("firewallSystem"); }
inline vim::Ref AdvancedOptionsRef() { return RefTo<vim::OptionManager>("ha-adv-options"); }
inline vim::Ref DiagnosticSystemRef() { return RefTo<vim::HostDiagnosticSystem>("diagnosticsystem"); }
inline vim::Ref AutoStartManagerRef() { return RefTo<vim::HostAutoStartManager>("ha-autostart-mgr"); }
inline vim::Ref SnmpSystemRef() { return RefTo<vim::HostSnmpSystem>("ha-snmp-agent"); }
inline vim::Ref DateTimeSystemRef() { return RefTo<vim::HostDateTimeSystem>("dateTimeSystem"); }
inline vim::Ref PatchManagerRef() { return RefTo<vim::HostPatchManager>("ha-host-patch-manager"); }
inline vim::Ref FirmwareSystemRef() { return RefTo<vim::HostFirmwareSystem>("ha-firmwareSystem"); }
inline vim::Ref HealthStatusSystemRef() { return RefTo<vim::HostHealthStatusSystem>("healthStatusSystem"); }
inline vim::Ref PciPassthruSystemRef() { return RefTo<vim::HostPciPassthruSystem>("ha-pcipassthrusystem"); }
inline vim::Ref KernelModuleSystemRef() { return RefTo<vim::HostKernelModuleSystem>("kernelModuleSystem"); }
inline vim::Ref AuthenticationManagerRef() { return RefTo<vim::HostAuthenticationManager>("ha-auth-manager"); }
inline vim::Ref LocalAuthenticationRef() { return RefTo<vim::HostLocalAuthentication>("ha-local-auth"); }
inline vim::Ref ActiveDirectoryRef() { return RefTo<vim::HostActiveDirectoryAuthentication>("ha-ad-auth"); }
inline vim::Ref PowerSystemRef() { return RefTo<vim::HostPowerSystem>("ha-power-system"); }
inline vim::Ref IscsiManagerRef() { return RefTo<vim::IscsiManager>("iscsiManager"); }
inline vim::Ref ImageConfigManagerRef() { return RefTo<vim::HostImageConfigManager>("ha-image-config-manager"); }
inline vim::Ref CertificateManagerRef() { return RefTo<vim::HostCertificateManager>("ha-certificate-manager"); }
inline vim::Ref AccessManagerRef() { return RefTo<vim::HostAccessManager>("ha-host-access-manager"); }

}  // namespace host
