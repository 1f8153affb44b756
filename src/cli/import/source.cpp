#include "cli/import/source.h"

#include <algorithm>

#include "base/text.h"
#include "vim/gen/all.h"
#include "vim/gen/calls_access.h"

namespace cli::import {

namespace {

using client::Facts;

template <class T> T Or(const T* value, T fallback) { return value ? *value : fallback; }

// Which of `wanted` the session lacks on `entity`.
rt::Co<vim::Result<std::vector<std::string>>> Lacking(client::Session& session, vim::Ref entity,
                                                      std::vector<std::string> wanted) {
    vim::call::HasPrivilegeOnEntities ask;
    ask.self = session.content().authorization_manager;
    ask.entity = {entity};
    ask.session_id = session.user().key;
    ask.priv_id = std::move(wanted);
    CO_TRY(answers, co_await session.Call(std::move(ask)));
    std::vector<std::string> out;
    for (const auto& answer : answers)
        for (const auto& one : answer->priv_availability)
            if (!one->is_granted) out.push_back(one->priv_id);
    co_return out;
}

// The inventory path of the datacenter above: what vCenter wants; a host has one, whose name does.
rt::Co<vim::Result<std::string>> DatacenterOf(client::Session& session, vim::Ref from) {
    std::string path;
    bool inside = false;
    for (vim::Ref at = from; at;) {
        CO_TRY(facts, co_await client::Fetch(session, *at.type, {at}, {"name", "parent"}));
        bool center = at.type->IsA(vim::Datacenter::kType);
        const vim::Ref* parent = facts.As<vim::Ref>(at, "parent");
        inside = inside || center;
        std::string name = base::PercentDecode(facts.Text(at, "name")).value_or("");
        if (inside && parent) path = path.empty() ? name : base::Cat(name, '/', path);
        at = parent ? *parent : vim::Ref();
    }
    co_return path;
}

vim::Result<vim::Ref> OnlyOne(const Facts& facts, const std::string& name) {
    std::vector<vim::Ref> found;
    for (const vim::Ref& ref : facts.Objects())
        if (facts.Text(ref, "name") == name) found.push_back(ref);
    if (found.size() == 1) return found.front();
    return vim::Fault(
        vim::NotFound(),
        found.empty()
            ? base::Cat("the source has no virtual machine \"", name, "\"; bedplate import --list shows what it has")
            : base::Cat("the source has ", found.size(), " virtual machines \"", name, "\"; rename all but one"));
}

rt::Co<vim::Result<>> ReadPortGroups(client::Session& session, SourceVm& vm) {
    bool distributed = false;
    for (const auto& device : vm.config->hardware->device)
        if (device->backing.As<vim::VirtualEthernetCardDistributedVirtualPortBackingInfo>()) distributed = true;
    if (!distributed) co_return vim::Result<>{};
    CO_TRY(facts, co_await client::FetchAll(session, vim::Network::kType, {"name"}));
    for (const vim::Ref& ref : facts.Objects()) vm.port_groups[ref.id] = facts.Text(ref, "name");
    co_return vim::Result<>{};
}

}  // namespace

const Target::Datastore* Target::Find(const std::string& name) const {
    for (const Datastore& d : datastores)
        if (d.name == name) return &d;
    return nullptr;
}

rt::Co<vim::Result<std::vector<Listed>>> ListVms(client::Session& session) {
    CO_TRY(facts, co_await client::FetchAll(session, vim::VirtualMachine::kType,
                                            {"name", "runtime.powerState", "summary.config", "summary.storage"}));
    std::vector<Listed> out;
    for (const vim::Ref& ref : facts.Objects()) {
        Listed one{
            .ref = ref, .name = facts.Text(ref, "name"), .power = facts.Text(ref, "runtime.powerState"), .guest = {}};
        if (auto* config = facts.Object<vim::VirtualMachineConfigSummary>(ref, "summary.config")) {
            one.memory_mb = config->memory_size_mb.value_or(0);
            one.cpus = config->num_cpu.value_or(0);
            one.guest = config->guest_full_name.value_or("");
        }
        if (auto* storage = facts.Object<vim::VirtualMachineStorageSummary>(ref, "summary.storage"))
            one.bytes = storage->committed;
        out.push_back(std::move(one));
    }
    std::sort(out.begin(), out.end(), [](const Listed& a, const Listed& b) { return a.name < b.name; });
    co_return out;
}

rt::Co<vim::Result<SourceVm>> ReadSource(client::Session& session, std::string name) {
    CO_TRY(names, co_await client::FetchAll(session, vim::VirtualMachine::kType, {"name"}));
    CO_TRY(ref, OnlyOne(names, name));
    CO_TRY(facts, co_await client::Fetch(session, vim::VirtualMachine::kType, {ref},
                                         {"config", "runtime", "snapshot", "capability", "guest"}));
    SourceVm vm{.ref = ref,
                .name = name,
                .config = {},
                .power = {},
                .connection = {},
                .datacenter = {},
                .port_groups = {},
                .missing_privileges = {}};
    if (const vim::Any* config = facts.Find(ref, "config"))
        if (auto* object = config->As<vim::Ptr<vim::DynamicData>>())
            vm.config = object->Cast<vim::VirtualMachineConfigInfo>();
    if (auto* runtime = facts.Object<vim::VirtualMachineRuntimeInfo>(ref, "runtime")) {
        vm.power = runtime->power_state == vim::VirtualMachinePowerState::kPoweredOn    ? "poweredOn"
                   : runtime->power_state == vim::VirtualMachinePowerState::kPoweredOff ? "poweredOff"
                                                                                        : "suspended";
        vm.connection =
            runtime->connection_state == vim::VirtualMachineConnectionState::kConnected ? "connected" : "not connected";
        vm.question = bool(runtime->question);
    }
    vm.has_snapshot = facts.Find(ref, "snapshot");
    if (auto* able = facts.Object<vim::VirtualMachineCapability>(ref, "capability"))
        vm.tracking_supported = able->change_tracking_supported;
    if (auto* guest = facts.Object<vim::GuestInfo>(ref, "guest"))
        vm.tools_run = guest->tools_running_status.value_or("") == "guestToolsRunning";
    if (vm.config) CO_CHECK(co_await ReadPortGroups(session, vm));
    CO_TRY(center, co_await DatacenterOf(session, ref));
    vm.datacenter = std::move(center);
    std::vector<std::string> wanted{
        "VirtualMachine.State.CreateSnapshot",  "VirtualMachine.State.RemoveSnapshot",
        "VirtualMachine.Config.ChangeTracking", "VirtualMachine.Provisioning.DiskRandomRead",
        "VirtualMachine.Interact.PowerOff",     "VirtualMachine.Interact.PowerOn"};
    CO_TRY(lacking, co_await Lacking(session, ref, std::move(wanted)));
    vm.missing_privileges = std::move(lacking);
    co_return vm;
}

static rt::Co<vim::Result<>> ReadPlaces(client::Session& session, Target& out) {
    CO_TRY(centers, co_await client::FetchAll(session, vim::Datacenter::kType, {"vmFolder"}));
    for (const vim::Ref& ref : centers.Objects()) {
        out.datacenter = ref;
        if (auto* folder = centers.As<vim::Ref>(ref, "vmFolder")) out.folder = *folder;
    }
    CO_TRY(compute, co_await client::FetchAll(session, vim::ComputeResource::kType, {"resourcePool"}));
    for (const vim::Ref& ref : compute.Objects())
        if (auto* pool = compute.As<vim::Ref>(ref, "resourcePool")) out.pool = *pool;
    if (!out.folder || !out.pool)
        co_return vim::Fault(vim::NotFound(), "the target has no folder or resource pool for virtual machines");
    co_return vim::Result<>{};
}

rt::Co<vim::Result<Target>> ReadTarget(client::Session& session) {
    Target out;
    out.about = session.content().about->full_name;
    CO_CHECK(co_await ReadPlaces(session, out));
    CO_TRY(stores, co_await client::FetchAll(session, vim::Datastore::kType, {"summary"}));
    for (const vim::Ref& ref : stores.Objects())
        if (auto* s = stores.Object<vim::DatastoreSummary>(ref, "summary"))
            out.datastores.push_back({ref, s->name, s->free_space, s->accessible});
    CO_TRY(networks, co_await client::FetchAll(session, vim::Network::kType, {"name"}));
    for (const vim::Ref& ref : networks.Objects()) out.networks.push_back(networks.Text(ref, "name"));
    CO_TRY(vms, co_await client::FetchAll(session, vim::VirtualMachine::kType, {"name"}));
    for (const vim::Ref& ref : vms.Objects()) out.vm_names.push_back(vms.Text(ref, "name"));
    CO_TRY(hosts, co_await client::FetchAll(session, vim::HostSystem::kType, {"summary.hardware"}));
    for (const vim::Ref& ref : hosts.Objects())
        if (auto* h = hosts.Object<vim::HostHardwareSummary>(ref, "summary.hardware")) {
            out.memory_bytes = std::max(out.memory_bytes, h->memory_size);
            out.threads = std::max(out.threads, static_cast<int>(h->num_cpu_threads));
        }
    std::vector<std::string> wanted{"VirtualMachine.Inventory.Create", "VirtualMachine.Inventory.Delete",
                                    "VirtualMachine.Config.AddNewDisk", "VirtualMachine.Interact.PowerOn"};
    CO_TRY(lacking, co_await Lacking(session, out.folder, std::move(wanted)));
    out.missing_privileges = std::move(lacking);
    co_return out;
}

std::string NetworkOf(const vim::VirtualEthernetCard& nic, const SourceVm& vm) {
    if (auto* plain = nic.backing.As<vim::VirtualDeviceDeviceBackingInfo>()) return plain->device_name;
    auto* port = nic.backing.As<vim::VirtualEthernetCardDistributedVirtualPortBackingInfo>();
    if (!port || !port->port) return {};
    auto found = vm.port_groups.find(port->port->portgroup_key.value_or(""));
    return found == vm.port_groups.end() ? std::string() : found->second;
}

}  // namespace cli::import
