#include "vm/context.h"

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/placement.h"
#include "vim/gen/entity.h"
#include "vim/gen/host_network.h"
#include "vm/intent.h"
#include "vm/machine_log.h"
#include "vm/scratch_disks.h"
#include "vm/snapshot_nodes.h"

namespace vm {

Context::Context(Parts p, Options o)
    : inventory(p.inventory),
      tasks(p.tasks),
      events(p.events),
      hypervisor(p.hypervisor),
      pool(p.pool),
      timer(p.timer),
      volumes(p.volumes),
      disks(p.disks),
      options(std::move(o)),
      registry(options.registry, pool) {}

Record* Context::Find(const vim::Ref& vm) {
    auto it = records.find(vm.id);
    return it == records.end() ? nullptr : &it->second;
}

// The snapshot lives as long as the pointer into it.
std::shared_ptr<const Vm> Context::Get(const vim::Ref& vm) const {
    auto now = inventory.Now();
    const Vm* found = now->Get<Vm>(vm);
    return found ? std::shared_ptr<const Vm>(now, found) : nullptr;
}

vim::Result<std::shared_ptr<const Vm>> Context::Usable(const vim::Ref& ref) const {
    auto vm = Get(ref);
    if (!vm || !records.contains(ref.id))
        return vim::Fault(vim::ManagedObjectNotFound(ref), base::Cat("there is no virtual machine ", ref.id));
    if (vm->runtime->connection_state != vim::VirtualMachineConnectionState::kConnected)
        return vim::Fault(
            vim::InvalidState(),
            base::Cat("virtual machine ", vm->name, " is ", vim::Name(vm->runtime->connection_state),
                      vm->config_issue.empty() ? "" : ": ",
                      vm->config_issue.empty() ? "" : vm->config_issue.front()->full_formatted_message.value_or("")));
    return vm;
}

vim::Result<> Context::RequireState(const Vm& vm, PowerState needed, PowerState requested) const {
    if (vm.runtime->power_state == needed) return {};
    return vim::Fault(
        vim::InvalidPowerState(requested, vm.runtime->power_state),
        base::Cat(vm.name, " must be ", vim::Name(needed), " for that; it is ", vim::Name(vm.runtime->power_state)));
}

vim::Ref Context::ByName(const std::string& name, const vim::Ref& except) const {
    auto now = inventory.Now();
    for (const auto& [id, record] : records) {
        const Vm* vm = now->Get<Vm>(record.ref);
        if (vm && vm->name == name && !(record.ref == except)) return record.ref;
    }
    return {};
}

bool Context::MacTaken(std::string_view mac, const vim::Ref& except) const {
    auto now = inventory.Now();
    for (const auto& [id, record] : records) {
        const Vm* vm = record.ref == except ? nullptr : now->Get<Vm>(record.ref);
        if (!vm || !vm->config) continue;
        for (const Device& d : vm->config->hardware->device)
            if (auto* nic = d.As<vim::VirtualEthernetCard>(); nic && nic->mac_address && *nic->mac_address == mac)
                return true;
    }
    return false;
}

// Of snapshots too, and of files that are gone.
static std::set<std::string> FilesOf(const Vm& vm) {
    std::set<std::string> out;
    if (vm.layout_ex)
        for (const auto& file : vm.layout_ex->file) out.insert(file->name);
    if (vm.layout)
        for (const auto& snapshot : vm.layout->snapshot)
            out.insert(snapshot->snapshot_file.begin(), snapshot->snapshot_file.end());
    return out;
}

Situation Context::SituationOf(const Vm& vm, const Record& record) const {
    Situation s;
    s.state = vm.runtime->power_state;
    s.running = s.state != PowerState::kPoweredOff;
    s.vmx_path = record.vmx;
    s.volumes = volumes.Now();
    s.limits = options.limits;
    s.mac_taken = [this, ref = record.ref](std::string_view mac) { return MacTaken(mac, ref); };
    s.network_exists = [this](const vim::Ref& network) { return inventory.Now()->Find(network).get() != nullptr; };
    s.disk_taken = [this, ref = record.ref, list = s.volumes](const DatastorePath& disk) {
        auto now = Get(ref);
        return (now && FilesOf(*now).contains(disk.Text())) || IsTaken(disk, list);
    };
    return s;
}

void Context::Publish(const vim::Ref& ref, const Loaded& loaded) {
    Record* record = Find(ref);
    if (!record) return;
    auto edit = inventory.Begin();
    host::RelinkVm(edit, ref, DatastoresOf(loaded, volumes.Now(), record->vmx), NetworksOf(loaded.config));
    PlaceSnapshots(edit, ref, loaded);
    edit.Change<Vm>(ref, [&](Vm& vm) {
        TakeLoaded(vm, loaded, options.host, timer.Now());
        DeriveSummary(vm);
    });
    edit.Commit();
}

rt::Co<base::Result<>> Context::Refresh(vim::Ref ref) {
    Record* record = Find(ref);
    if (!record) co_return base::Result<>{};
    if (record->file.empty()) {                          // perhaps its datastore came back
        auto vm = Get(ref);
        auto located = Locate(volumes.Now(), record->vmx);
        if (!located || !vm || vm->config_issue.empty()) co_return base::Result<>{};
        record->file = located->Absolute();
    }
    auto read = [home = HomeOf(*record)] { return LoadFolder(home); };
    auto loaded = co_await pool.Run(std::move(read));
    if (!loaded) co_return std::move(loaded).error();
    Publish(ref, *loaded);
    co_return base::Result<>{};
}

void Context::Address(vim::Event& event, const vim::Ref& ref) const {
    auto now = inventory.Now();
    auto name = [&](const vim::Ref& r) {
        auto* entity = now->Get<vim::ManagedEntity>(r);
        return entity ? entity->name : std::string();
    };
    vim::VmEventArgument vm;
    vm.vm = ref;
    vm.name = name(ref);
    event.vm = std::move(vm);
    vim::HostEventArgument host;
    host.host = host::HostRef();
    host.name = name(host.host);
    event.host = std::move(host);
    vim::ComputeResourceEventArgument compute;
    compute.compute_resource = host::ComputeResourceRef();
    compute.name = name(compute.compute_resource);
    event.compute_resource = std::move(compute);
    vim::DatacenterEventArgument datacenter;
    datacenter.datacenter = host::DatacenterRef();
    datacenter.name = name(datacenter.datacenter);
    event.datacenter = std::move(datacenter);
}

rt::Co<void> Context::DropScratch(vim::Ref ref) {
    auto now = Get(ref);
    Record* record = Find(ref);
    if (!now || !now->config || !record || record->file.empty() || !HasScratchDisks(*now->config)) co_return;
    auto drop = [home = HomeOf(*record)] { return RemoveScratch(home), 0; };
    (void)co_await pool.Run(std::move(drop));
}

rt::Co<void> Context::Note(vim::Ref ref, std::string words) {
    Record* record = Find(ref);
    base::LogInfo("vm " + ref.id, words);
    if (!record || record->file.empty()) co_return;
    auto write = [folder = record->file.substr(0, record->file.rfind('/')),
                  line = base::FormatTime(timer.Now()) + "| vmx| I125: " + words] { return AppendLog(folder, line); };
    if (auto written = co_await pool.Run(std::move(write)); !written)
        base::LogWarning("vm " + ref.id, written.error().message);
}

rt::Co<vim::Result<vim::Ref>> Context::StartTask(const vim::Method& method, vim::Ref entity, std::string user,
                                                 task::Work work, std::string state, bool exclusive) {
    task::Spec spec;
    spec.entity = std::move(entity);
    spec.method = &method;
    spec.user = std::move(user);
    spec.exclusive = exclusive;
    spec.state = std::move(state);
    return tasks.Start(std::move(spec), std::move(work));
}

vim::Fault Interrupted(std::string words) {
    vim::SystemError fault;
    fault.reason = "the host agent was restarted";
    return vim::Fault(std::move(fault), std::move(words));
}

vim::Fault FileFault(base::Error error, const DatastorePath& path) {
    std::string words = error.message;
    switch (error.code) {
        case base::Code::kNotFound: return vim::Fault(vim::FileNotFound(path.Text()), std::move(words));
        case base::Code::kExists: return vim::Fault(vim::FileAlreadyExists(path.Text()), std::move(words));
        case base::Code::kNoSpace: return vim::Fault(vim::NoDiskSpace(path.Text(), path.datastore), std::move(words));
        case base::Code::kDenied: return vim::Fault(vim::FileNotWritable(path.Text()), std::move(words));
        case base::Code::kInvalid: {
            vim::GenericVmConfigFault fault;
            fault.reason = words;
            return vim::Fault(std::move(fault), std::move(words));
        }
        default: return vim::Fault(std::move(error));
    }
}

vim::Fault BackendFault(base::Error error) {
    if (error.code == base::Code::kCancelled) return vim::Fault(vim::RequestCanceled(), std::move(error.message));
    vim::GenericVmConfigFault fault;
    fault.reason = error.message;
    return vim::Fault(std::move(fault), std::move(error.message));
}

vim::Ptr<vim::LocalizedMethodFault> AsData(const vim::Fault& fault) { return fault.AsData(); }

}  // namespace vm
