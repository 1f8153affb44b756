// Folders, data centre, compute resource, root pool and networks.
#include "host/capability.h"
#include "host/capacity.h"
#include "host/config_option.h"
#include "host/ids.h"
#include "host/make.h"
#include "host/network_info.h"
#include "host/tree.h"

namespace host {
namespace {

template <class T> T Entity(vim::Ref self, vim::Ref parent, std::string_view name) {
    T t;
    t.self = std::move(self);
    t.parent = std::move(parent);
    t.name = name;
    t.overall_status = t.config_status = vim::ManagedEntityStatus::kGreen;
    return t;
}

vim::Folder MakeFolder(vim::Ref self, vim::Ref parent, std::string_view name, std::vector<std::string> child_types,
                       std::vector<vim::Ref> children = {}) {
    auto f = Entity<vim::Folder>(std::move(self), std::move(parent), name);
    f.child_type = std::move(child_types);
    f.child_entity = std::move(children);
    return f;
}

vim::Ptr<vim::ResourceAllocationInfo> Allocation(std::int64_t amount) {
    vim::ResourceAllocationInfo a;
    a.reservation = amount;
    a.expandable_reservation = false;
    a.limit = amount;
    a.shares = Shares(9000, vim::SharesLevel::kCustom);
    return a;
}

vim::Ptr<vim::ResourcePoolResourceUsage> Unused(std::int64_t amount) {
    vim::ResourcePoolResourceUsage u;
    u.unreserved_for_pool = u.unreserved_for_vm = u.max_usage = amount;
    return u;
}

vim::ResourcePool RootPool(const Capacity& capacity) {
    auto p = Entity<vim::ResourcePool>(RootPoolRef(), ComputeResourceRef(), "Resources");
    p.owner = ComputeResourceRef();
    auto& config = p.config.Mut();
    config.entity = RootPoolRef();
    config.cpu_allocation = Allocation(capacity.vm_mhz);
    config.memory_allocation = Allocation(capacity.vm_bytes >> 20);        // MB, as configured
    auto& runtime = p.runtime.Mut();
    runtime.cpu = Unused(capacity.vm_mhz);
    runtime.memory = Unused(capacity.vm_bytes);                            // bytes, as used
    runtime.overall_status = vim::ManagedEntityStatus::kGreen;
    auto& summary = p.summary.Mut();
    summary.name = p.name;
    summary.config = p.config;
    summary.runtime = p.runtime;
    summary.configured_memory_mb = static_cast<std::int32_t>(capacity.vm_bytes >> 20);
    return p;
}

}  // namespace

void AddFolders(inventory::Edit& edit) {
    edit.Add(MakeFolder(RootFolderRef(), {}, "ha-folder-root", {"Datacenter"}, {DatacenterRef()}));
    auto dc = Entity<vim::Datacenter>(DatacenterRef(), RootFolderRef(), "ha-datacenter");
    dc.vm_folder = VmFolderRef();
    dc.host_folder = HostFolderRef();
    dc.datastore_folder = DatastoreFolderRef();
    dc.network_folder = NetworkFolderRef();
    dc.configuration.Mut().default_hardware_version_key = std::string(kDefaultHardware);
    edit.Add(std::move(dc));
    edit.Add(MakeFolder(VmFolderRef(), DatacenterRef(), "vm", {"VirtualMachine"}));
    edit.Add(MakeFolder(HostFolderRef(), DatacenterRef(), "host", {"ComputeResource"}, {ComputeResourceRef()}));
    edit.Add(MakeFolder(DatastoreFolderRef(), DatacenterRef(), "datastore", {"Datastore"}));
    edit.Add(MakeFolder(NetworkFolderRef(), DatacenterRef(), "network", {"Network"}));
}

void AddCompute(inventory::Edit& edit, const platform::MachineFacts& machine, const HostOptions& options) {
    const auto capacity = CapacityOf(machine, options);
    const auto& host_name = options.network.host_name;
    auto c = Entity<vim::ComputeResource>(
        ComputeResourceRef(), HostFolderRef(),
        options.network.domain.empty() ? host_name : host_name + "." + options.network.domain);
    c.resource_pool = RootPoolRef();
    c.host = {HostRef()};
    c.environment_browser = EnvironmentBrowserRef();
    auto& s = c.summary.Mut();
    s.total_cpu = static_cast<std::int32_t>(capacity.total_mhz);
    s.total_memory = capacity.total_bytes;
    s.num_cpu_cores = static_cast<std::int16_t>(machine.cpu.cores);
    s.num_cpu_threads = static_cast<std::int16_t>(machine.cpu.threads);
    s.effective_cpu = static_cast<std::int32_t>(capacity.vm_mhz);
    s.effective_memory = capacity.vm_bytes >> 20;
    s.num_hosts = s.num_effective_hosts = 1;
    s.overall_status = vim::ManagedEntityStatus::kGreen;
    auto& config = c.configuration_ex.Mut();
    config.vm_swap_placement = "vmDirectory";
    config.default_hardware_version_key = std::string(kDefaultHardware);
    edit.Add(std::move(c));
    edit.Add(RootPool(capacity));
    vim::EnvironmentBrowser browser;
    browser.self = EnvironmentBrowserRef();
    browser.datastore_browser = HostBrowserRef();
    edit.Add(std::move(browser));
}

void AddNetwork(inventory::Edit& edit, const std::string& name) {
    auto n = Entity<vim::Network>(NetworkRef(name), NetworkFolderRef(), name);
    auto& s = n.summary.Mut();
    s.network = n.self;
    s.name = name;
    s.accessible = true;
    n.host = {HostRef()};
    const auto ref = n.self;
    edit.Add(std::move(n));
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& h) { h.network.push_back(ref); });
    edit.Change<vim::ComputeResource>(ComputeResourceRef(), [&](vim::ComputeResource& c) { c.network.push_back(ref); });
    edit.Change<vim::Datacenter>(DatacenterRef(), [&](vim::Datacenter& d) { d.network.push_back(ref); });
    edit.Change<vim::Folder>(NetworkFolderRef(), [&](vim::Folder& f) { f.child_entity.push_back(ref); });
}

void BuildTree(inventory::Edit& edit, const platform::MachineFacts& machine, const HostOptions& options,
               base::Time now) {
    AddServices(edit, options, now);
    AddFolders(edit);
    AddCompute(edit, machine, options);
    AddHost(edit, machine, options);
    AddHostSystems(edit);
    AddNetwork(edit, std::string(kVmNetwork));
}

}  // namespace host
