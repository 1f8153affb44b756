#include "host/storage_info.h"

#include "base/text.h"
#include "host/ids.h"
#include "vim/gen/all.h"

namespace host {
namespace {

using platform::BlockDevice;
using platform::MachineFacts;

struct Adapter {
    std::string name, key;
    const platform::PciDevice* pci = nullptr;
    std::string driver;
    std::vector<const BlockDevice*> disks;     // the index is the target number
};

// One for each storage controller, in the order of the bus; one without a PCI function
// for disks of which we do not know where they hang.
std::vector<Adapter> Adapters(const MachineFacts& m) {
    std::vector<Adapter> out;
    auto add = [&](const platform::PciDevice* pci, const std::string& driver) -> Adapter& {
        const auto name = base::Cat("vmhba", out.size());
        return out.emplace_back(Adapter{name, base::Cat("key-vim.host.BlockHba-", name), pci, driver, {}});
    };
    for (const auto& d : m.pci)
        if (d.class_code >> 16 == 0x01) add(&d, d.driver);
    for (const auto& disk : m.disks) {
        auto at = std::find_if(out.begin(), out.end(),
                               [&](const Adapter& a) { return (a.pci ? a.pci->id : "") == disk.pci; });
        (at != out.end() ? *at : add(nullptr, disk.driver)).disks.push_back(&disk);
    }
    return out;
}

struct Unit {
    const Adapter& adapter;
    const BlockDevice& disk;
    int target;
    std::string name() const { return base::Cat("mpx.", adapter.name, ":C0:T", target, ":L0"); }
    std::string uuid() const { return base::Cat("0200000000", base::Hex(name())); }
    std::string key() const { return base::Cat("key-vim.host.ScsiDisk-", uuid()); }
    std::string path() const { return base::Cat(adapter.name, ":C0:T", target, ":L0"); }
};

template <class Fn> void ForEachUnit(const std::vector<Adapter>& adapters, const Fn& fn) {
    for (const auto& a : adapters)
        for (std::size_t i = 0; i < a.disks.size(); ++i) fn(Unit{a, *a.disks[i], static_cast<int>(i)});
}

std::string Or(const std::string& value, std::string_view otherwise) {
    return value.empty() ? std::string(otherwise) : value;
}

void FillLun(vim::ScsiLun& lun, const Unit& u) {
    lun.device_name = base::Cat(u.disk.cdrom ? "/vmfs/devices/cdrom/" : "/vmfs/devices/disks/", u.name());
    lun.device_type = u.disk.cdrom ? "cdrom" : "disk";
    lun.lun_type = lun.device_type;
    lun.key = u.key();
    lun.uuid = u.uuid();
    lun.canonical_name = u.name();
    lun.display_name = base::Cat("Local ", Or(u.disk.vendor, "disk"), " (", u.name(), ")");
    lun.vendor = Or(u.disk.vendor, "Linux");
    lun.model = Or(u.disk.model, u.disk.name);
    lun.revision = u.disk.revision;
    lun.scsi_level = 5;
    lun.serial_number = Or(u.disk.serial, "unavailable");
    lun.queue_depth = 128;
    lun.operational_state = {"ok"};
    lun.capabilities.Mut().update_display_name_supported = false;
    lun.v_storage_support = "vStorageUnsupported";
}

vim::Ptr<vim::ScsiLun> Lun(const Unit& u) {
    if (u.disk.cdrom) {
        vim::ScsiLun lun;
        FillLun(lun, u);
        return lun;
    }
    vim::HostScsiDisk disk;
    FillLun(disk, u);
    disk.capacity.Mut().block_size = u.disk.block_size;
    disk.capacity.Mut().block = u.disk.bytes / std::max(u.disk.block_size, 1);
    disk.device_path = disk.device_name;
    disk.ssd = !u.disk.rotational;
    disk.local_disk = true;
    return disk;
}

vim::Ptr<vim::HostHostBusAdapter> Hba(const Adapter& a) {
    vim::HostBlockHba hba;
    hba.key = a.key;
    hba.device = a.name;
    hba.bus = a.pci ? a.pci->bus : 0;
    hba.status = "online";
    hba.model = a.pci ? a.pci->vendor_name + " " + a.pci->device_name : "Block devices";
    if (!a.driver.empty()) hba.driver = a.driver;
    if (a.pci) hba.pci = a.pci->id;
    return hba;
}

vim::Ptr<vim::HostScsiTopology> Topology(const std::vector<Adapter>& adapters) {
    vim::HostScsiTopology topology;
    for (const auto& a : adapters) {
        vim::HostScsiTopologyInterface interface;
        interface.key = base::Cat("key-vim.host.ScsiTopology.Interface-", a.name);
        interface.adapter = a.key;
        topology.adapter.push_back(std::move(interface));
    }
    ForEachUnit(adapters, [&](const Unit& u) {
        vim::HostScsiTopologyLun lun;
        lun.key = base::Cat("key-vim.host.ScsiTopology.Lun-", u.uuid());
        lun.scsi_lun = u.key();
        vim::HostScsiTopologyTarget target;
        target.key = base::Cat("key-vim.host.ScsiTopology.Target-", u.adapter.name, ":0:", u.target);
        target.target = u.target;
        target.lun.push_back(std::move(lun));
        target.transport = vim::HostBlockAdapterTargetTransport{};
        const auto index = static_cast<std::size_t>(&u.adapter - adapters.data());
        topology.adapter[index].Mut().target.push_back(std::move(target));
    });
    return topology;
}

vim::Ptr<vim::HostMultipathInfo> Multipath(const std::vector<Adapter>& adapters) {
    vim::HostMultipathInfo info;
    ForEachUnit(adapters, [&](const Unit& u) {
        vim::HostMultipathInfoLogicalUnit unit;
        unit.key = base::Cat("key-vim.host.MultipathInfo.LogicalUnit-", u.uuid());
        unit.id = u.uuid();
        unit.lun = u.key();
        vim::HostMultipathInfoPath path;
        path.key = base::Cat("key-vim.host.MultipathInfo.Path-", u.path());
        path.name = u.path();
        path.path_state = "active";
        path.state = "active";
        path.is_working_path = true;
        path.adapter = u.adapter.key;
        path.lun = unit.key;
        path.transport = vim::HostBlockAdapterTargetTransport{};
        unit.path.push_back(std::move(path));
        vim::HostMultipathInfoFixedLogicalUnitPolicy policy;
        policy.policy = "VMW_PSP_FIXED";
        policy.prefer = u.path();
        unit.policy = std::move(policy);
        unit.storage_array_type_policy.Mut().policy = "VMW_SATP_LOCAL";
        info.lun.push_back(std::move(unit));
    });
    return info;
}

}  // namespace

vim::Ptr<vim::HostStorageDeviceInfo> StorageDevices(const MachineFacts& machine) {
    const auto adapters = Adapters(machine);
    vim::HostStorageDeviceInfo info;
    for (const auto& a : adapters) info.host_bus_adapter.push_back(Hba(a));
    ForEachUnit(adapters, [&](const Unit& u) { info.scsi_lun.push_back(Lun(u)); });
    info.scsi_topology = Topology(adapters);
    info.multipath_info = Multipath(adapters);
    info.software_internet_scsi_enabled = false;
    return info;
}

vim::Ptr<vim::HostMultipathStateInfo> PathStates(const vim::HostStorageDeviceInfo& devices) {
    vim::HostMultipathStateInfo info;
    for (const auto& unit : devices.multipath_info->lun)
        for (const auto& path : unit->path) {
            vim::HostMultipathStateInfoPath state;
            state.name = path->name;
            state.path_state = "active";
            info.path.push_back(std::move(state));
        }
    return info;
}

void RefreshStorageDevices(inventory::Edit& edit, const MachineFacts& machine) {
    const auto devices = StorageDevices(machine);
    const auto paths = PathStates(*devices);
    edit.Change<vim::HostStorageSystem>(StorageSystemRef(), [&](vim::HostStorageSystem& s) {
        s.storage_device_info = devices;
        s.multipath_state_info = paths;
    });
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& h) {
        h.config.Mut().storage_device = devices;
        h.config.Mut().multipath_state = paths;
    });
}

std::string UnitOfDevice(const MachineFacts& machine, const std::string& device) {
    std::string found, first = "mpx.vmhba0:C0:T0:L0";
    bool any = false;
    std::size_t longest = 0;
    ForEachUnit(Adapters(machine), [&](const Unit& u) {
        if (u.disk.cdrom) return;
        if (!any) first = u.name(), any = true;
        // "/dev/sda1" lies on "sda"; of "sda" and "sdaa" the longer name decides.
        if (device.starts_with("/dev/" + u.disk.name) && u.disk.name.size() > longest)
            found = u.name(), longest = u.disk.name.size();
    });
    return found.empty() ? first : found;
}

}  // namespace host
