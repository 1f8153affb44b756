// What stands in the way of an import.
#include <algorithm>

#include "base/text.h"
#include "cli/import/plan.h"
#include "vim/gen/all.h"

namespace cli::import {

namespace {

constexpr std::int64_t kLargestDisk = 62ll << 40;

void Stop(Plan& plan, std::string what) { plan.findings.push_back({true, std::move(what)}); }
void Warn(Plan& plan, std::string what) { plan.findings.push_back({false, std::move(what)}); }

std::string Join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& w : words) out += out.empty() ? w : ", " + w;
    return out;
}

std::string Label(const vim::VirtualDevice& d) {
    return d.device_info ? d.device_info->label : base::Cat(d.type().name, ' ', d.key);
}

void CheckDisk(const vim::VirtualDisk& disk, Plan& plan) {
    std::string label = Label(disk);
    if (disk.backing.As<vim::VirtualDiskRawDiskMappingVer1BackingInfo>() ||
        disk.backing.As<vim::VirtualDiskRawDiskVer2BackingInfo>()) {
        Stop(plan, label + " is a raw device mapping: copy it into a virtual disk at the source first");
        return;
    }
    auto* flat = disk.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    if (!flat) {
        Stop(plan, label + " is of a form that is not read over HTTPS: convert it with vmkfstools -i at the source");
        return;
    }
    if (flat->disk_mode.starts_with("independent") && plan.warm)
        Stop(plan, label + " is independent, so that no snapshot holds it: import with --cold");
    if (flat->sharing.value_or("") == "sharingMultiWriter")
        Stop(plan, label + " is shared by several machines: that would end; detach it from the others first");
    if (std::int64_t bytes = disk.capacity_in_bytes.value_or(disk.capacity_in_kb * 1024); bytes > kLargestDisk)
        Stop(plan, base::Cat(label, " is larger than 62 TiB"));
}

void CheckOther(const vim::VirtualDevice& d, Plan& plan) {
    auto is = [&d](const vim::Type& type) { return d.type().IsA(type); };
    if (is(vim::VirtualBusLogicController::kType))
        Stop(plan, Label(d) + " is a BusLogic controller, which there is none of here: change it to LSI Logic first");
    if (is(vim::VirtualPCIPassthrough::kType) || is(vim::VirtualSCSIPassthrough::kType))
        Stop(plan, Label(d) + " is a device of the source's hardware: remove it first");
    if (is(vim::VirtualUSB::kType)) Warn(plan, Label(d) + " is a USB device of the source: it is left behind");
    if (d.type().name == "VirtualTPM")
        Stop(plan, Label(d) +
                       " keeps secrets that no API gives out: suspend BitLocker or its like, remove it, "
                       "and add a new one at the target");
    if (is(vim::VirtualSoundCard::kType)) Warn(plan, Label(d) + " is left behind: there is no sound");
    if (auto* scsi = dynamic_cast<const vim::VirtualSCSIController*>(&d);
        scsi && scsi->shared_bus != vim::VirtualSCSISharing::kNoSharing)
        Stop(plan, Label(d) + " shares its bus with other machines: a cluster of guests cannot be brought one by one");
}

void CheckNetworks(const SourceVm& vm, const Target& target, const Options& options, Plan& plan) {
    for (const auto& d : vm.config->hardware->device) {
        auto* nic = d.As<vim::VirtualEthernetCard>();
        if (!nic) continue;
        std::string from = NetworkOf(*nic, vm);
        auto mapped = options.networks.find(from);
        const std::string& to = mapped == options.networks.end() ? from : mapped->second;
        if (std::find(target.networks.begin(), target.networks.end(), to) != target.networks.end()) continue;
        Stop(plan, base::Cat(Label(*d), " is on the network \"", from, "\", and the target has no \"", to,
                             "\": say --network \"", from, "=NAME\" with one of: ", Join(target.networks)));
    }
}

void CheckRoom(const Target& target, Plan& plan) {
    const Target::Datastore* store = target.Find(plan.datastore);
    if (!store) {
        std::vector<std::string> names;
        for (const auto& d : target.datastores) names.push_back(d.name);
        Stop(plan, base::Cat("the target has no datastore \"", plan.datastore, "\"; it has: ", Join(names)));
    } else if (!store->accessible) {
        Stop(plan, base::Cat("the datastore \"", plan.datastore, "\" cannot be reached from the target"));
    } else if (store->free_bytes < plan.bytes) {
        auto words = base::Cat("the datastore \"", plan.datastore, "\" has ", store->free_bytes >> 20,
                               " MiB free, and the disks may grow to ", plan.bytes >> 20, " MiB");
        if (store->free_bytes < plan.bytes / 4) Stop(plan, words + ": make room, or choose another by --datastore");
        else Warn(plan, std::move(words));
    }
}

void CheckState(const SourceVm& vm, Plan& plan) {
    if (vm.connection != "connected")
        Stop(plan, base::Cat("the machine is ", vm.connection, " at the source: repair that first"));
    if (vm.power == "suspended") Stop(plan, "the machine is suspended: resume it or power it off first");
    if (vm.question) Stop(plan, "the machine waits for an answer to a question: answer it first");
    if (vm.has_snapshot)
        Stop(plan,
             "the machine has snapshots, whose layers are not read over HTTPS: delete them all first "
             "(their content stays in the disk)");
    if (plan.warm && !vm.tracking_supported)
        Stop(plan, base::Cat("the source cannot track its changed blocks (hardware ", vm.config->version,
                             "; vmx-07 is the first that can): import with --cold"));
    if (vm.config->template_) Stop(plan, "it is a template: make it a virtual machine first");
    if (vm.config->ft_info) Stop(plan, "fault tolerance is on: turn it off first");
    if (vm.running() && !plan.warm && !vm.tools_run)
        Warn(plan, "no guest tools run: it can only be switched off (--force-off), or shut down by hand");
}

}  // namespace

void CheckDevices(const SourceVm& vm, Plan& plan) {
    for (const auto& d : vm.config->hardware->device) {
        if (auto* disk = d.As<vim::VirtualDisk>()) CheckDisk(*disk, plan);
        else CheckOther(*d, plan);
    }
}

void CheckMachine(const SourceVm& vm, const Target& target, const Options& options, Plan& plan) {
    CheckState(vm, plan);
    CheckNetworks(vm, target, options, plan);
    CheckRoom(target, plan);
    if (std::find(target.vm_names.begin(), target.vm_names.end(), plan.name) != target.vm_names.end())
        Stop(plan, base::Cat("the target has a virtual machine \"", plan.name, "\" already: say another by --name"));
    if (!vm.missing_privileges.empty())
        Stop(plan, base::Cat("the user lacks privileges at the source: ", Join(vm.missing_privileges)));
    if (!target.missing_privileges.empty())
        Stop(plan, base::Cat("the user lacks privileges at the target: ", Join(target.missing_privileges)));
    std::int64_t memory = static_cast<std::int64_t>(vm.config->hardware->memory_mb) << 20;
    if (target.memory_bytes > 0 && memory > target.memory_bytes)
        Warn(plan, base::Cat("it has ", memory >> 20, " MiB of memory, and the target ", target.memory_bytes >> 20));
    if (vm.config->firmware.value_or("bios") == "efi")
        Warn(plan, "it starts by EFI: the firmware's variables stay behind, and it boots by \\EFI\\BOOT\\BOOTX64.EFI");
}

}  // namespace cli::import
