#include "vm/node.h"

#include <algorithm>

#include "base/text.h"
#include "host/capability.h"
#include "host/ids.h"
#include "vm/snapshot_nodes.h"

namespace vm {
namespace {

using Status = vim::ManagedEntityStatus;

template <class T> const vim::Ptr<T>& AsShared(T (*make)()) {
    static const vim::Ptr<T> kShared(make());
    return kShared;
}

vim::GuestInfo MakeGuestOff() {
    vim::GuestInfo g;
    g.tools_status = vim::VirtualMachineToolsStatus::kToolsNotRunning;
    g.tools_version_status = "guestToolsUnmanaged";
    g.tools_version_status2 = "guestToolsUnmanaged";
    g.tools_running_status = "guestToolsNotRunning";
    g.guest_state = "notRunning";
    g.guest_operations_ready = g.interactive_guest_operations_ready = g.guest_state_change_supported = false;
    g.app_heartbeat_status = "appStatusGray";
    return g;
}

const vim::Ptr<vim::VirtualMachineCapability>& Capability() {
    static const vim::Ptr<vim::VirtualMachineCapability> kShared = host::VmCapabilities();
    return kShared;
}

// Connected while it runs, as the file says for its start; "untried" while it does not.
void ConnectDevices(Config& config, bool on) {
    Devices& devices = config.hardware.Mut().device;
    for (Device& d : devices) {
        if (!d->connectable) continue;
        bool connected = on && d->connectable->start_connected;
        const char* status = on ? "ok" : "untried";
        if (d->connectable->connected == connected && d->connectable->status == status) continue;
        vim::VirtualDeviceConnectInfo& c = d.Mut().connectable.Mut();
        c.connected = connected;
        c.status = status;
    }
}

// What was connected or not while it runs stays so, whatever its next start has.
void KeepConnected(Config& config, const Devices& before) {
    for (Device& d : config.hardware.Mut().device) {
        const vim::VirtualDevice* had = d->connectable ? FindDevice(before, d->key) : nullptr;
        if (!had || !had->connectable || had->connectable->connected == d->connectable->connected) continue;
        d.Mut().connectable.Mut().connected = had->connectable->connected;
    }
}

vim::Ptr<vim::VirtualMachineRuntimeInfo> MakeRuntime() {
    vim::VirtualMachineRuntimeInfo r;
    r.host = host::HostRef();
    r.connection_state = vim::VirtualMachineConnectionState::kConnected;
    r.power_state = PowerState::kPoweredOff;
    r.fault_tolerance_state = vim::VirtualMachineFaultToleranceState::kNotConfigured;
    r.record_replay_state = vim::VirtualMachineRecordReplayState::kInactive;
    r.paused = false;
    r.snapshot_in_background = false;
    return r;
}

void TakeFiles(Vm& vm, const Loaded& loaded, base::Time now) {
    vim::VirtualMachineFileLayout layout;
    vim::VirtualMachineFileLayoutEx ex;
    std::map<int, std::map<int, std::vector<std::int32_t>>> chains;     // disk -> link -> keys of files
    std::map<int, std::vector<std::string>> disks;
    std::int64_t committed = 0, own = 0;
    for (const FileFact& file : loaded.files) {
        vim::VirtualMachineFileLayoutExFileInfo info;
        info.key = static_cast<std::int32_t>(ex.file.size());
        info.name = file.path;
        info.type_ = file.type;
        info.size = file.size;
        info.unique_size = file.shared ? 0 : file.allocated;
        info.accessible = true;
        committed += file.allocated;
        own += file.shared ? 0 : file.allocated;
        std::string name = file.path.substr(std::min(file.path.size(), file.path.rfind('/') + 1));
        if (file.type == "config" || file.type == "nvram" || file.type == "snapshotList" ||
            file.type == "extendedConfig")
            layout.config_file.push_back(name);
        if (file.type == "log") layout.log_file.push_back(name);
        if (file.type == "swap") layout.swap_file = file.path;
        if (file.disk_key) chains[file.disk_key][file.link].push_back(info.key);
        if (file.type == "diskDescriptor") disks[file.disk_key].push_back(file.path);
        ex.file.push_back(std::move(info));
    }
    for (auto& [key, links] : chains) {
        vim::VirtualMachineFileLayoutExDiskLayout disk;
        disk.key = key;
        for (auto& [link, files] : links) {
            vim::VirtualMachineFileLayoutExDiskUnit unit;
            unit.file_key = std::move(files);
            disk.chain.push_back(std::move(unit));
        }
        ex.disk.push_back(std::move(disk));
        vim::VirtualMachineFileLayoutDiskLayout plain;
        plain.key = key;
        plain.disk_file = std::move(disks[key]);
        layout.disk.push_back(std::move(plain));
    }
    ex.timestamp = now;
    vm.layout = std::move(layout);
    vm.layout_ex = std::move(ex);
    vim::VirtualMachineStorageInfo storage;
    storage.timestamp = now;
    vim::VirtualMachineUsageOnDatastore usage;
    usage.committed = committed;
    usage.unshared = own;
    usage.uncommitted = std::max<std::int64_t>(0, loaded.provisioned - committed);
    if (!vm.datastore.empty()) usage.datastore = vm.datastore.front();
    storage.per_datastore_usage.push_back(std::move(usage));
    vm.storage = std::move(storage);
}

}  // namespace

const vim::Ptr<vim::GuestInfo>& GuestOff() { return AsShared(MakeGuestOff); }

std::vector<vim::Ref> DatastoresOf(const Loaded& loaded, const VolumeList& volumes, const DatastorePath& vmx) {
    std::vector<vim::Ref> out;
    auto add = [&](const std::string& name) {
        const Volume* v = FindVolume(volumes, name);
        if (v && std::find(out.begin(), out.end(), v->datastore) == out.end()) out.push_back(v->datastore);
    };
    add(vmx.datastore);
    for (const Device& d : loaded.config.hardware->device) {
        auto* file = d->backing.As<vim::VirtualDeviceFileBackingInfo>();
        if (!file) continue;
        if (auto path = DatastorePath::Parse(file->file_name)) add(path->datastore);
    }
    return out;
}

std::vector<vim::Ref> NetworksOf(const Config& config) {
    std::vector<vim::Ref> out;
    for (const Device& d : config.hardware->device) {
        auto* network = d->backing.As<vim::VirtualEthernetCardNetworkBackingInfo>();
        if (network && network->network && std::find(out.begin(), out.end(), network->network) == out.end())
            out.push_back(network->network);
    }
    return out;
}

void TakeLoaded(Vm& vm, const Loaded& loaded, const HostSize& host, base::Time now) {
    Config config = loaded.config;
    if (vm.runtime->power_state == PowerState::kPoweredOn) {
        ConnectDevices(config, true);
        if (vm.config) KeepConnected(config, vm.config->hardware->device);
    }
    vm.name = config.name;
    vm.config = std::move(config);
    vim::ResourceConfigSpec resources;
    resources.entity = vm.self;
    resources.change_version = vm.config->change_version;
    resources.last_modified = vm.config->modified;
    resources.cpu_allocation = vm.config->cpu_allocation;
    resources.memory_allocation = vm.config->memory_allocation;
    vm.resource_config = std::move(resources);
    vim::VirtualMachineRuntimeInfo& runtime = vm.runtime.Mut();
    runtime.max_cpu_usage = host.core_mhz * vm.config->hardware->num_cpu;
    runtime.max_memory_usage = vm.config->hardware->memory_mb;
    runtime.connection_state = vim::VirtualMachineConnectionState::kConnected;
    if (loaded.suspended && runtime.power_state == PowerState::kSuspended) runtime.suspend_time = loaded.suspended_at;
    TakeFiles(vm, loaded, now);
    TakeSnapshots(vm, loaded);
    vm.config_issue.clear();
    for (const std::string& trouble : loaded.troubles) {
        vim::GeneralVmErrorEvent issue;
        issue.message = issue.full_formatted_message.emplace(trouble);
        issue.created_time = now;
        vm.config_issue.push_back(std::move(issue));
    }
    vm.config_status = loaded.troubles.empty() ? Status::kGreen : Status::kRed;
    vm.overall_status = vm.config_status == Status::kGreen ? Status::kGreen : Status::kYellow;
}

Vm NewNode(const vim::Ref& ref, const Loaded& loaded, const HostSize& host, base::Time now) {
    Vm vm;
    vm.self = ref;
    vm.capability = Capability();
    vm.environment_browser = host::EnvironmentBrowserRef();
    vm.runtime = MakeRuntime();
    vm.guest = GuestOff();
    vm.guest_heartbeat_status = Status::kGray;
    TakeLoaded(vm, loaded, host, now);
    if (loaded.suspended) SetPower(vm, PowerState::kSuspended, loaded.suspended_at);
    DeriveSummary(vm);
    return vm;
}

Vm BrokenNode(const vim::Ref& ref, const DatastorePath& vmx, bool reachable, std::string why, base::Time now) {
    Vm vm;
    vm.self = ref;
    vm.name = vmx.Text();
    vm.capability = Capability();
    vm.environment_browser = host::EnvironmentBrowserRef();
    vm.runtime = MakeRuntime();
    vm.runtime.Mut().connection_state =
        reachable ? vim::VirtualMachineConnectionState::kInvalid : vim::VirtualMachineConnectionState::kInaccessible;
    vm.guest = GuestOff();
    vim::GeneralVmErrorEvent issue;
    issue.message = issue.full_formatted_message.emplace(std::move(why));
    issue.created_time = now;
    vm.config_issue.push_back(std::move(issue));
    vm.config_status = vm.overall_status = Status::kRed;
    vm.guest_heartbeat_status = Status::kGray;
    DeriveSummary(vm);
    vm.summary.Mut().config.Mut().vm_path_name = vmx.Text();
    return vm;
}

void SetPower(Vm& vm, PowerState state, base::Time now) {
    vim::VirtualMachineRuntimeInfo& r = vm.runtime.Mut();
    bool on = state == PowerState::kPoweredOn;
    if (on && r.power_state != state) r.boot_time = now;
    if (!on) r.boot_time = std::nullopt;
    r.power_state = state;
    r.suspend_time = state == PowerState::kSuspended ? std::optional(now) : std::nullopt;
    r.clean_power_off = on ? std::nullopt : std::optional(true);
    r.paused = false;
    if (!on) {
        r.question = nullptr;
        r.tools_installer_mounted = false;
        vm.guest = GuestOff();
        vm.guest_heartbeat_status = Status::kGray;
        vm.summary.Mut().quick_stats = nullptr;
    } else if (vm.guest->guest_state != "running") {
        vim::GuestInfo guest = *GuestOff();
        guest.guest_state = "running";
        vm.guest = std::move(guest);
    }
    if (vm.config) ConnectDevices(vm.config.Mut(), on);
}

void SetHeartbeat(Vm& vm, bool alive) {
    vm.guest_heartbeat_status = alive                                        ? Status::kGreen
                                : vm.guest_heartbeat_status == Status::kGray ? Status::kGray
                                                                             : Status::kYellow;
}

// Makes summary and its parts anew, but keeps each that says the same: a shared object
// costs nothing, and nobody is told of a change that is none.
void DeriveSummary(Vm& vm) {
    vim::VirtualMachineSummary s = vm.summary ? *vm.summary : vim::VirtualMachineSummary();
    auto put = [](auto& field, auto value) {
        if (!field || !vim::Equal(field.get(), &value)) field = std::move(value);
    };
    s.vm = vm.self;
    s.runtime = vm.runtime;
    s.overall_status = vm.overall_status;
    vim::VirtualMachineGuestSummary guest;
    guest.guest_id = vm.guest->guest_id;
    guest.guest_full_name = vm.guest->guest_full_name;
    guest.tools_status = vm.guest->tools_status;
    guest.tools_version_status = vm.guest->tools_version_status;
    guest.tools_version_status2 = vm.guest->tools_version_status2;
    guest.tools_running_status = vm.guest->tools_running_status;
    guest.host_name = vm.guest->host_name;
    guest.ip_address = vm.guest->ip_address;
    put(s.guest, std::move(guest));
    vim::VirtualMachineConfigSummary c;
    c.name = vm.name;
    if (vm.config) {
        const Config& config = *vm.config;
        c.template_ = config.template_;
        c.vm_path_name = config.files->vm_path_name.value_or("");
        c.memory_size_mb = config.hardware->memory_mb;
        c.cpu_reservation = static_cast<std::int32_t>(config.cpu_allocation->reservation.value_or(0));
        c.memory_reservation = static_cast<std::int32_t>(config.memory_allocation->reservation.value_or(0));
        c.num_cpu = config.hardware->num_cpu;
        int nics = 0, disks = 0;
        for (const Device& d : config.hardware->device) {
            nics += d->type().IsA(vim::VirtualEthernetCard::kType);
            disks += d->type().IsA(vim::VirtualDisk::kType);
        }
        c.num_ethernet_cards = nics;
        c.num_virtual_disks = disks;
        c.uuid = config.uuid;
        c.instance_uuid = config.instance_uuid;
        c.guest_id = config.guest_id;
        c.guest_full_name = config.guest_full_name;
        c.annotation = config.annotation;
        c.install_boot_required = false;
    }
    put(s.config, std::move(c));
    vim::VirtualMachineStorageSummary storage;
    if (vm.storage) {
        for (const auto& usage : vm.storage->per_datastore_usage) {
            storage.committed += usage->committed;
            storage.uncommitted += usage->uncommitted;
            storage.unshared += usage->unshared;
        }
        storage.timestamp = vm.storage->timestamp;
        put(s.storage, std::move(storage));
    }
    vim::VirtualMachineQuickStats stats = s.quick_stats ? *s.quick_stats : vim::VirtualMachineQuickStats();
    stats.guest_heartbeat_status = vm.guest_heartbeat_status;
    for (auto field :
         {&vim::VirtualMachineQuickStats::overall_cpu_usage, &vim::VirtualMachineQuickStats::overall_cpu_demand,
          &vim::VirtualMachineQuickStats::guest_memory_usage, &vim::VirtualMachineQuickStats::host_memory_usage,
          &vim::VirtualMachineQuickStats::private_memory, &vim::VirtualMachineQuickStats::shared_memory,
          &vim::VirtualMachineQuickStats::swapped_memory, &vim::VirtualMachineQuickStats::ballooned_memory,
          &vim::VirtualMachineQuickStats::consumed_overhead_memory, &vim::VirtualMachineQuickStats::uptime_seconds})
        if (!(stats.*field)) stats.*field = 0;
    if (!stats.compressed_memory) stats.compressed_memory = 0;
    put(s.quick_stats, std::move(stats));
    put(vm.summary, std::move(s));
}

}  // namespace vm
