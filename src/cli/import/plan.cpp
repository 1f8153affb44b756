#include "cli/import/plan.h"

#include <algorithm>

#include "base/text.h"
#include "vim/gen/all.h"

namespace cli::import {

namespace {

// Lines of a .vmx that describe the source, not the machine.
constexpr std::string_view kLeftBehind[] = {"nvram",
                                            "sched.*",
                                            "vmotion.*",
                                            "migrate.*",
                                            "pciBridge*",
                                            "svga.*",
                                            "hpet*",
                                            "*.pciSlotNumber",
                                            "vmware.*",
                                            "tools.*",
                                            "viv.*",
                                            "numa.*",
                                            "monitor.*",
                                            "softPower*",
                                            "toolsIn*",
                                            "vm.*",
                                            "guestOS.*",
                                            "cleanShutdown",
                                            "replay.*",
                                            "vmci0.*",
                                            "evcCompatibilityMode",
                                            "checkpoint.*",
                                            "*.ctkEnabled",
                                            "ctkEnabled",
                                            "config.readOnly",
                                            "disk.*.import",
                                            "vmxstats.*",
                                            "bedplate.import"};

bool StaysBehind(std::string_view key) {
    return std::any_of(std::begin(kLeftBehind), std::end(kLeftBehind),
                       [&](std::string_view pattern) { return base::GlobMatch(pattern, key); });
}

void Add(Plan& plan, vim::Ptr<vim::VirtualDevice> device, bool make_file = false) {
    vim::VirtualDeviceConfigSpec change;
    change.operation = vim::VirtualDeviceConfigSpecOperation::kAdd;
    if (make_file) change.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kCreate;
    change.device = std::move(device);
    plan.spec.Mut().device_change.emplace_back(std::move(change));
}

void AddController(const vim::Ptr<vim::VirtualDevice>& source, Plan& plan) {
    vim::Ptr<vim::VirtualDevice> copy = source;
    auto& controller = static_cast<vim::VirtualController&>(copy.Mut());
    controller.device.clear();
    controller.device_info = nullptr;
    controller.slot_info = nullptr;
    controller.controller_key.reset();
    controller.unit_number.reset();
    Add(plan, std::move(copy));
}

// Thin, whatever it was: what was never written stays a hole.
void AddDisk(const vim::VirtualDisk& source, Plan& plan) {
    vim::VirtualDisk disk;
    disk.key = source.key;
    disk.controller_key = source.controller_key;
    disk.unit_number = source.unit_number;
    disk.capacity_in_kb = source.capacity_in_kb;
    disk.capacity_in_bytes = source.capacity_in_bytes;
    vim::VirtualDiskFlatVer2BackingInfo backing;
    backing.file_name = base::Cat('[', plan.datastore, ']');
    backing.disk_mode = "persistent";
    if (auto* flat = source.backing.As<vim::VirtualDiskFlatVer2BackingInfo>()) backing.disk_mode = flat->disk_mode;
    backing.thin_provisioned = true;
    disk.backing = vim::Ptr<vim::VirtualDeviceBackingInfo>(std::move(backing));
    Add(plan, vim::Ptr<vim::VirtualDevice>(std::move(disk)), true);
}

void NoteDisk(const vim::VirtualDisk& disk, Plan& plan) {
    std::int64_t bytes = disk.capacity_in_bytes.value_or(disk.capacity_in_kb * 1024);
    std::string label = disk.device_info ? disk.device_info->label : base::Cat("disk ", disk.key);
    plan.disks.push_back({disk.key, std::move(label), bytes});
    plan.bytes += bytes;
}

// With the address that it has: guests know their adapters by it.
void AddNic(const vim::Ptr<vim::VirtualDevice>& source, const SourceVm& vm, const Options& options, Plan& plan) {
    vim::Ptr<vim::VirtualDevice> copy = source;
    auto& nic = static_cast<vim::VirtualEthernetCard&>(copy.Mut());
    std::string network = NetworkOf(nic, vm);
    if (auto mapped = options.networks.find(network); mapped != options.networks.end()) network = mapped->second;
    vim::VirtualEthernetCardNetworkBackingInfo backing;
    backing.device_name = std::move(network);
    nic.backing = vim::Ptr<vim::VirtualDeviceBackingInfo>(std::move(backing));
    nic.address_type = "manual";
    nic.device_info = nullptr;
    nic.slot_info = nullptr;
    nic.controller_key.reset();
    nic.unit_number.reset();
    nic.resource_allocation = nullptr;
    Add(plan, std::move(copy));
}

// The drive comes along, the medium does not.
void AddDrive(const vim::Ptr<vim::VirtualDevice>& source, Plan& plan) {
    vim::Ptr<vim::VirtualDevice> copy = source;
    vim::VirtualDevice& drive = copy.Mut();
    drive.device_info = nullptr;
    vim::VirtualCdromRemotePassthroughBackingInfo backing;
    backing.exclusive = false;
    drive.backing = vim::Ptr<vim::VirtualDeviceBackingInfo>(std::move(backing));
    vim::VirtualDeviceConnectInfo connect;
    connect.allow_guest_control = true;
    drive.connectable = vim::Ptr<vim::VirtualDeviceConnectInfo>(std::move(connect));
    Add(plan, std::move(copy));
}

bool IsDiskController(const vim::VirtualDevice& d) {
    const vim::Type& type = d.type();
    return type.IsA(vim::VirtualSCSIController::kType) || type.IsA(vim::VirtualSATAController::kType) ||
           type.name == "VirtualNVMEController";
}

std::string MostRoom(const Target& target) {
    const Target::Datastore* best = nullptr;
    for (const auto& d : target.datastores)
        if (d.accessible && (!best || d.free_bytes > best->free_bytes)) best = &d;
    return best ? best->name : std::string();
}

void FillSpec(const SourceVm& vm, Plan& plan) {
    const auto& config = *vm.config;
    vim::VirtualMachineConfigSpec spec;
    spec.name = plan.name;
    spec.version = config.version;
    spec.uuid = config.uuid;
    spec.instance_uuid = config.instance_uuid;
    spec.guest_id = config.guest_id;
    spec.annotation = config.annotation;
    spec.num_cp_us = config.hardware->num_cpu;
    spec.num_cores_per_socket = config.hardware->num_cores_per_socket;
    spec.memory_mb = config.hardware->memory_mb;
    spec.firmware = config.firmware;
    spec.cpu_hot_add_enabled = config.cpu_hot_add_enabled;
    spec.memory_hot_add_enabled = config.memory_hot_add_enabled;
    vim::VirtualMachineFileInfo files;
    files.vm_path_name = base::Cat('[', plan.datastore, ']');
    spec.files = vim::Ptr<vim::VirtualMachineFileInfo>(std::move(files));
    for (const auto& line : config.extra_config)
        if (!StaysBehind(line->key)) spec.extra_config.push_back(line);
    plan.spec = vim::Ptr<vim::VirtualMachineConfigSpec>(std::move(spec));
}

}  // namespace

bool Plan::possible() const {
    return std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.stops; });
}

std::string MarkOf(const std::string& host, const SourceVm& vm, std::string_view phase) {
    return base::Cat(host, ' ', vm.config->instance_uuid.value_or(vm.config->uuid), ' ', phase);
}

void PlanDevices(const SourceVm& vm, const Options& options, Plan& plan) {
    const auto& devices = vm.config->hardware->device;
    for (const auto& d : devices)
        if (IsDiskController(*d)) AddController(d, plan);
    for (const auto& d : devices) {
        if (auto* disk = d.As<vim::VirtualDisk>()) AddDisk(*disk, plan);
        else if (d.As<vim::VirtualEthernetCard>()) AddNic(d, vm, options, plan);
        else if (d.As<vim::VirtualCdrom>()) AddDrive(d, plan);
    }
}

Plan MakePlan(const SourceVm& vm, const Target& target, const Options& options) {
    Plan plan;
    plan.name = options.new_name.empty() ? vm.name : options.new_name;
    plan.datastore = options.datastore.empty() ? MostRoom(target) : options.datastore;
    if (!vm.config) {
        plan.findings.push_back({true, "the source cannot read its configuration"});
        return plan;
    }
    plan.warm = vm.running() && !options.cold;
    for (const auto& d : vm.config->hardware->device)
        if (auto* disk = d.As<vim::VirtualDisk>()) NoteDisk(*disk, plan);
    CheckMachine(vm, target, options, plan);
    CheckDevices(vm, plan);
    FillSpec(vm, plan);
    PlanDevices(vm, options, plan);
    return plan;
}

}  // namespace cli::import
