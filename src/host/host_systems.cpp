// The subsystems that HostConfigManager names. Their properties are the parts of the
// host's configuration itself, shared and not copied.
#include "host/datastores.h"
#include "host/ids.h"
#include "host/tree.h"

namespace host {
namespace {

template <class T, class Fn> void Put(inventory::Edit& edit, vim::Ref self, const Fn& fill) {
    T t;
    t.self = std::move(self);
    fill(t);
    edit.Add(std::move(t));
}

template <class T> void Put(inventory::Edit& edit, vim::Ref self) {
    Put<T>(edit, std::move(self), [](T&) {});
}

void AddNetworking(inventory::Edit& edit, const vim::HostConfigInfo& c) {
    Put<vim::HostNetworkSystem>(edit, NetworkSystemRef(), [&](vim::HostNetworkSystem& s) {
        s.capabilities = c.capabilities;
        s.network_info = c.network;
        s.offload_capabilities = c.offload_capabilities;
        s.dns_config = c.network->dns_config;
        s.ip_route_config = c.network->ip_route_config;
    });
    Put<vim::HostVirtualNicManager>(edit, VirtualNicManagerRef(),
                                    [&](vim::HostVirtualNicManager& m) { m.info = c.virtual_nic_manager_info; });
    Put<vim::HostVMotionSystem>(edit, VMotionSystemRef(),
                                [&](vim::HostVMotionSystem& s) { s.net_config = c.vmotion->net_config; });
    Put<vim::HostFirewallSystem>(edit, FirewallSystemRef(),
                                 [&](vim::HostFirewallSystem& s) { s.firewall_info = c.firewall; });
    Put<vim::HostServiceSystem>(edit, ServiceSystemRef(),
                                [&](vim::HostServiceSystem& s) { s.service_info = c.service; });
    Put<vim::HostDateTimeSystem>(edit, DateTimeSystemRef(),
                                 [&](vim::HostDateTimeSystem& s) { s.date_time_info = c.date_time_info; });
}

void AddStorage(inventory::Edit& edit, const vim::HostConfigInfo& c) {
    Put<vim::HostStorageSystem>(edit, StorageSystemRef(), [&](vim::HostStorageSystem& s) {
        s.storage_device_info = c.storage_device;
        s.file_system_volume_info = c.file_system_volume;
        s.multipath_state_info = c.multipath_state;
    });
    Put<vim::HostDatastoreSystem>(edit, DatastoreSystemRef(),
                                  [&](vim::HostDatastoreSystem& s) { s.capabilities = c.datastore_capabilities; });
    Put<vim::HostDatastoreBrowser>(edit, HostBrowserRef(),
                                   [&](vim::HostDatastoreBrowser& b) { b.supported_type = BrowsableFiles(); });
    Put<vim::IscsiManager>(edit, IscsiManagerRef());
    Put<vim::HostDiagnosticSystem>(edit, DiagnosticSystemRef());
}

void AddHardware(inventory::Edit& edit, const vim::HostSystem& h) {
    const auto& c = *h.config;
    Put<vim::HostCpuSchedulerSystem>(edit, CpuSchedulerRef(),
                                     [&](vim::HostCpuSchedulerSystem& s) { s.hyperthread_info = c.hyper_thread; });
    Put<vim::HostMemorySystem>(edit, MemorySystemRef(), [&](vim::HostMemorySystem& s) {
        s.virtual_machine_reservation_info = c.virtual_machine_reservation;
    });
    Put<vim::HostHealthStatusSystem>(edit, HealthStatusSystemRef(), [&](vim::HostHealthStatusSystem& s) {
        s.runtime = h.runtime->health_system_runtime;
    });
    Put<vim::HostPciPassthruSystem>(edit, PciPassthruSystemRef(),
                                    [&](vim::HostPciPassthruSystem& s) { s.pci_passthru_info = c.pci_passthru_info; });
    Put<vim::HostPowerSystem>(edit, PowerSystemRef(), [&](vim::HostPowerSystem& s) {
        s.capability = c.power_system_capability;
        s.info = c.power_system_info;
    });
    Put<vim::HostSnmpSystem>(edit, SnmpSystemRef(), [&](vim::HostSnmpSystem& s) {
        s.configuration.Mut().enabled = false;
        s.configuration.Mut().port = 161;
        auto& limits = s.limits.Mut();
        limits.max_read_only_communities = 10;
        limits.max_trap_destinations = 10;
        limits.max_community_length = 64;
        limits.max_buffer_size = 1500;
        limits.capability = vim::HostSnmpAgentCapability::kCOMPLETE;
    });
    Put<vim::HostPatchManager>(edit, PatchManagerRef());
    Put<vim::HostImageConfigManager>(edit, ImageConfigManagerRef());
    Put<vim::HostFirmwareSystem>(edit, FirmwareSystemRef());
    Put<vim::HostKernelModuleSystem>(edit, KernelModuleSystemRef());
}

void AddAccess(inventory::Edit& edit, const vim::HostConfigInfo& c) {
    Put<vim::HostAuthenticationManager>(edit, AuthenticationManagerRef(), [&](vim::HostAuthenticationManager& m) {
        m.info = c.authentication_manager_info;
        m.supported_store = {LocalAuthenticationRef(), ActiveDirectoryRef()};
    });
    Put<vim::HostLocalAuthentication>(edit, LocalAuthenticationRef(), [&](vim::HostLocalAuthentication& a) {
        a.info = c.authentication_manager_info->auth_config[0];
    });
    Put<vim::HostActiveDirectoryAuthentication>(
        edit, ActiveDirectoryRef(),
        [&](vim::HostActiveDirectoryAuthentication& a) { a.info = c.authentication_manager_info->auth_config[1]; });
    Put<vim::HostAccessManager>(edit, AccessManagerRef(),
                                [&](vim::HostAccessManager& m) { m.lockdown_mode = *c.lockdown_mode; });
    Put<vim::HostAutoStartManager>(edit, AutoStartManagerRef(),
                                   [&](vim::HostAutoStartManager& m) { m.config = c.auto_start; });
}

}  // namespace

void AddHostSystems(inventory::Edit& edit) {
    const auto* h = edit.Get<vim::HostSystem>(HostRef());
    if (!h) return;
    const auto config = h->config;
    AddNetworking(edit, *config);
    AddStorage(edit, *config);
    AddHardware(edit, *h);
    AddAccess(edit, *config);
}

}  // namespace host
