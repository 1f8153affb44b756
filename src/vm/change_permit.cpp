// Which privileges the parts of a change need.
#include "base/text.h"
#include "vim/gen/host_network.h"
#include "vm/change.h"

namespace vm {
namespace {

using Operation = vim::VirtualDeviceConfigSpecOperation;

vim::Result<> CheckFile(const vim::VirtualDevice& device, std::string_view privilege, const VolumeList& volumes,
                        const Permit& permit) {
    auto* file = device.backing.As<vim::VirtualDeviceFileBackingInfo>();
    if (!file || file->file_name.empty()) return {};
    auto path = DatastorePath::Parse(file->file_name);
    const Volume* volume = path ? FindVolume(volumes, path->datastore) : nullptr;
    if (!volume) return {};                              // refused later, with better words
    return permit.Check(volume->datastore, privilege);
}

vim::Result<> CheckNetwork(const vim::VirtualDevice& device, const Permit& permit) {
    auto* backing = device.backing.As<vim::VirtualEthernetCardNetworkBackingInfo>();
    if (!backing || backing->device_name.empty()) return {};
    return permit.Check({&vim::Network::kType, "HaNetwork-" + backing->device_name}, "Network.Assign");
}

const char* DevicePrivilege(const vim::VirtualDeviceConfigSpec& spec, const vim::VirtualDevice* now) {
    const vim::VirtualDevice& d = *spec.device;
    bool disk = d.type().IsA(vim::VirtualDisk::kType);
    Operation op = spec.operation.value_or(Operation::kEdit);
    if (op == Operation::kRemove)
        return disk ? "VirtualMachine.Config.RemoveDisk" : "VirtualMachine.Config.AddRemoveDevice";
    if (op == Operation::kAdd)
        return !disk                 ? "VirtualMachine.Config.AddRemoveDevice"
               : spec.file_operation ? "VirtualMachine.Config.AddNewDisk"
                                     : "VirtualMachine.Config.AddExistingDisk";
    if (disk) {
        auto* before = dynamic_cast<const vim::VirtualDisk*>(now);
        bool grows = before && static_cast<const vim::VirtualDisk&>(d).capacity_in_kb > before->capacity_in_kb;
        return grows ? "VirtualMachine.Config.DiskExtend" : "VirtualMachine.Config.EditDevice";
    }
    if (d.type().IsA(vim::VirtualCdrom::kType)) return "VirtualMachine.Interact.SetCDMedia";
    if (d.type().IsA(vim::VirtualFloppy::kType)) return "VirtualMachine.Interact.SetFloppyMedia";
    bool only_link = now && d.connectable && d.backing == now->backing;
    return only_link ? "VirtualMachine.Interact.DeviceConnection" : "VirtualMachine.Config.EditDevice";
}

}  // namespace

vim::Result<> CheckDevices(const Spec& spec, const Config* now, const VolumeList& volumes, const Permit& permit) {
    for (const auto& one : spec.device_change) {
        if (!one->device || one->operation == Operation::kRemove) continue;
        const vim::VirtualDevice& d = *one->device;
        const vim::VirtualDevice* before = now ? FindDevice(now->hardware->device, d.key) : nullptr;
        bool new_file = one->file_operation.has_value();
        if (!before || !(d.backing == before->backing)) {
            CHECK(CheckFile(d, new_file ? "Datastore.AllocateSpace" : "Datastore.Browse", volumes, permit));
            CHECK(CheckNetwork(d, permit));
        } else if (DevicePrivilege(*one, before) == std::string_view("VirtualMachine.Config.DiskExtend")) {
            CHECK(CheckFile(*before, "Datastore.AllocateSpace", volumes, permit));
        }
    }
    return {};
}

vim::Result<> CheckChange(const Spec& spec, const vim::Ref& vm, const Config& now, const VolumeList& volumes,
                          const Permit& permit) {
    struct Part {
        bool there;
        std::string_view privilege;
    };
    const Part kParts[] = {
        {spec.name && *spec.name != now.name, "VirtualMachine.Config.Rename"},
        {spec.num_cp_us || spec.num_cores_per_socket, "VirtualMachine.Config.CPUCount"},
        {spec.memory_mb.has_value(), "VirtualMachine.Config.Memory"},
        {spec.cpu_allocation || spec.memory_allocation || spec.cpu_affinity, "VirtualMachine.Config.Resource"},
        {!spec.extra_config.empty() || spec.nested_hv_enabled || spec.v_pmc_enabled,
         "VirtualMachine.Config.AdvancedConfig"},
        {spec.change_tracking_enabled.has_value(), "VirtualMachine.Config.ChangeTracking"},
        {spec.swap_placement.has_value(), "VirtualMachine.Config.SwapPlacement"},
        {spec.version.has_value(), "VirtualMachine.Config.UpgradeVirtualHardware"},
        {spec.guest_id || spec.alternate_guest_name || spec.annotation || spec.uuid || spec.instance_uuid ||
             spec.location_id || spec.flags || spec.tools || spec.power_op_info || spec.boot_options || spec.firmware ||
             spec.console_preferences || spec.max_mks_connections || spec.guest_auto_lock_enabled ||
             spec.cpu_hot_add_enabled || spec.cpu_hot_remove_enabled || spec.memory_hot_add_enabled ||
             spec.memory_reservation_locked_to_max || spec.latency_sensitivity || spec.files || spec.v_app_config ||
             spec.v_app_config_removed,
         "VirtualMachine.Config.Settings"},
    };
    for (const Part& part : kParts)
        if (part.there) CHECK(permit.Check(vm, part.privilege));
    for (const auto& one : spec.device_change)
        if (one->device)
            CHECK(permit.Check(vm, DevicePrivilege(*one, FindDevice(now.hardware->device, one->device->key))));
    return CheckDevices(spec, &now, volumes, permit);
}

}  // namespace vm
