// Controllers, disks, CD-ROMs, network adapters and the rest, from and to lines of a .vmx.
#include "base/text.h"
#include "vim/gen/host_network.h"
#include "vim/gen/storage.h"
#include "vm/config_parts.h"
#include "vm/disk_flags.h"

namespace vm {
namespace {

constexpr std::string_view kNoMedium = "emptyBackingString";

Device ReadDisk(const Source& from, const std::string& place) {
    vim::VirtualDisk disk;
    auto backing = from.File<vim::VirtualDiskFlatVer2BackingInfo>(from.vmx.Get(place + ".fileName"));
    ReadFlags(from.vmx, place, backing);
    backing.split = false;
    disk.backing = std::move(backing);
    disk.storage_io_allocation = ReadDiskShares(from.vmx, place);
    return disk;
}

Device ReadCdrom(const Source& from, const std::string& place, const std::string& type) {
    vim::VirtualCdrom cd;
    std::string file = from.vmx.Get(place + ".fileName");
    bool client = Flag(from.vmx, place + ".clientDevice", false);
    if (base::EqualNoCase(type, "cdrom-image") && file != kNoMedium) {
        cd.backing = from.File<vim::VirtualCdromIsoBackingInfo>(file);
    } else if (client || base::EqualNoCase(type, "cdrom-image")) {
        vim::VirtualCdromRemotePassthroughBackingInfo remote;
        remote.use_auto_detect = false;
        cd.backing = std::move(remote);
    } else {
        vim::VirtualCdromAtapiBackingInfo drive;
        drive.use_auto_detect = base::EqualNoCase(file, "auto detect");
        drive.device_name = *drive.use_auto_detect ? std::string() : file;
        cd.backing = std::move(drive);
    }
    cd.connectable = ReadConnect(from.vmx, place);
    return cd;
}

void ReadBus(const Source& from, const BusInfo& info, int bus, Devices& out) {
    for (int unit = 0; unit < info.units; ++unit) {
        Slot slot{info.kind, bus, unit};
        std::string place = slot.Word();
        if (unit == info.reserved_unit || !Flag(from.vmx, place + ".present", false)) continue;
        std::string type = base::Lower(from.vmx.Get(place + ".deviceType"));
        bool cdrom = type.find("cdrom") != std::string::npos;
        Device device = cdrom ? ReadCdrom(from, place, type) : ReadDisk(from, place);
        device.Mut().key = slot.Key();
        device.Mut().controller_key = slot.ControllerKey();
        device.Mut().unit_number = unit;
        out.push_back(std::move(device));
    }
}

void ReadControllers(const codec::Vmx& vmx, Devices& out) {
    for (int bus = 0; bus < InfoOf(BusKind::kScsi).buses; ++bus) {
        std::string place = base::Cat("scsi", bus);
        if (!Flag(vmx, place + ".present", false)) continue;
        vim::Ptr<vim::VirtualSCSIController> c = ScsiFromWord(vmx.Get(place + ".virtualDev"));
        std::string sharing = base::Lower(vmx.Get(place + ".sharedBus"));
        c.Mut().shared_bus = sharing == "virtual"    ? vim::VirtualSCSISharing::kVirtualSharing
                             : sharing == "physical" ? vim::VirtualSCSISharing::kPhysicalSharing
                                                     : vim::VirtualSCSISharing::kNoSharing;
        c.Mut().key = InfoOf(BusKind::kScsi).controller_base + bus;
        c.Mut().bus_number = bus;
        c.Mut().controller_key = kPciKey;
        c.Mut().unit_number = 3 + bus;
        c.Mut().hot_add_remove = true;
        c.Mut().scsi_ctlr_unit_number = 7;
        out.push_back(c);
    }
    for (int bus = 0; bus < InfoOf(BusKind::kSata).buses; ++bus) {
        if (!Flag(vmx, base::Cat("sata", bus, ".present"), false)) continue;
        vim::VirtualAHCIController c;
        c.key = InfoOf(BusKind::kSata).controller_base + bus;
        c.bus_number = bus;
        c.controller_key = kPciKey;
        c.unit_number = 24 + bus;
        out.push_back(std::move(c));
    }
    for (int bus = 0; bus < InfoOf(BusKind::kNvme).buses; ++bus) {
        if (!Flag(vmx, base::Cat("nvme", bus, ".present"), false)) continue;
        vim::VirtualNVMEController c;
        c.key = InfoOf(BusKind::kNvme).controller_base + bus;
        c.bus_number = bus;
        c.controller_key = kPciKey;
        c.unit_number = 30 + bus;
        c.shared_bus = "noSharing";
        out.push_back(std::move(c));
    }
    if (Flag(vmx, "usb.present", false)) {
        vim::VirtualUSBController usb;
        usb.key = kUsbKey;
        usb.controller_key = kPciKey;
        usb.unit_number = 22;
        usb.auto_connect_devices = false;
        usb.ehci_enabled = Flag(vmx, "ehci.present", false);
        out.push_back(std::move(usb));
    }
    if (Flag(vmx, "usb_xhci.present", false)) {
        vim::VirtualUSBXHCIController usb;
        usb.key = kXhciKey;
        usb.controller_key = kPciKey;
        usb.unit_number = 23;
        usb.auto_connect_devices = false;
        out.push_back(std::move(usb));
    }
}

void ReadNics(const codec::Vmx& vmx, Devices& out) {
    for (int number = 0; number < kMaxNics; ++number) {
        std::string place = base::Cat("ethernet", number);
        if (!Flag(vmx, place + ".present", false)) continue;
        auto features = vmx.GetInt(place + ".features", 0);
        vim::Ptr<vim::VirtualEthernetCard> shared = NicFromWord(vmx.Get(place + ".virtualDev"), features && *features);
        vim::VirtualEthernetCard& nic = shared.Mut();
        std::string type = base::Lower(vmx.Get(place + ".addressType", "generated"));
        nic.address_type = type == "static" ? "manual" : type == "vpx" ? "assigned" : "generated";
        nic.mac_address = NormalMac(vmx.Get(place + (type == "static" ? ".address" : ".generatedAddress")));
        nic.wake_on_lan_enabled = Flag(vmx, place + ".wakeOnPcktRcv", true);
        vim::VirtualEthernetCardNetworkBackingInfo network;
        network.device_name = vmx.Get(place + ".networkName");
        network.use_auto_detect = false;
        if (!network.device_name.empty()) network.network = {&vim::Network::kType, "HaNetwork-" + network.device_name};
        nic.backing = std::move(network);
        nic.resource_allocation = ReadBandwidth(vmx, place);
        nic.connectable = ReadConnect(vmx, place);
        nic.key = kNicKey + number;
        nic.controller_key = kPciKey;
        nic.unit_number = 7 + number;
        out.push_back(std::move(shared));
    }
}

void WriteCdrom(const vim::VirtualDevice& cd, const std::string& place, const Target& to, codec::Vmx& vmx) {
    vmx.Remove(place + ".clientDevice");
    if (auto* iso = cd.backing.As<vim::VirtualCdromIsoBackingInfo>()) {
        vmx.Set(place + ".deviceType", "cdrom-image");
        vmx.Set(place + ".fileName", iso->file_name.empty() ? std::string(kNoMedium) : to.Name(iso->file_name));
    } else if (auto* drive = cd.backing.As<vim::VirtualCdromAtapiBackingInfo>()) {
        vmx.Set(place + ".deviceType", "atapi-cdrom");
        vmx.Set(place + ".fileName", drive->device_name.empty() ? "auto detect" : drive->device_name);
    } else {
        vmx.Set(place + ".deviceType", "cdrom-image");
        vmx.SetBool(place + ".clientDevice", true);
        vmx.Set(place + ".fileName", kNoMedium);
    }
    WriteConnect(cd, place, vmx);
}

void WriteDisk(const vim::VirtualDevice& disk, const Slot& slot, const Target& to, codec::Vmx& vmx) {
    std::string place = slot.Word();
    auto* file = disk.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    if (!file) return;
    vmx.Set(place + ".deviceType", slot.kind == BusKind::kScsi   ? "scsi-hardDisk"
                                   : slot.kind == BusKind::kNvme ? "nvme-hardDisk"
                                                                 : "ata-hardDisk");
    vmx.Set(place + ".fileName", to.Name(file->file_name));
    WriteFlags(*file, place, vmx);
    WriteDiskShares(dynamic_cast<const vim::VirtualDisk&>(disk), place, vmx);
}

void WriteSlot(const vim::VirtualDevice* device, const Slot& slot, const Target& to, codec::Vmx& vmx) {
    std::string place = slot.Word();
    bool cdrom = device && device->type().IsA(vim::VirtualCdrom::kType);
    bool was_cdrom = base::Lower(vmx.Get(place + ".deviceType")).find("cdrom") != std::string::npos;
    if (!device || cdrom != was_cdrom) {
        Forget(vmx, place);
        Forget(vmx, "sched." + place);
    }
    if (!device) return;
    vmx.SetBool(place + ".present", true);
    if (cdrom) WriteCdrom(*device, place, to, vmx);
    else WriteDisk(*device, slot, to, vmx);
}

void WriteControllers(const Devices& devices, codec::Vmx& vmx) {
    for (int bus = 0; bus < InfoOf(BusKind::kScsi).buses; ++bus) {
        std::string place = base::Cat("scsi", bus);
        auto* c = dynamic_cast<const vim::VirtualSCSIController*>(
            FindDevice(devices, InfoOf(BusKind::kScsi).controller_base + bus));
        if (!c) {
            Forget(vmx, place);
            continue;
        }
        vmx.Set(place + ".virtualDev", ScsiWord(*c));
        vmx.SetBool(place + ".present", true);
        if (c->shared_bus == vim::VirtualSCSISharing::kNoSharing) vmx.Remove(place + ".sharedBus");
        else
            vmx.Set(place + ".sharedBus",
                    c->shared_bus == vim::VirtualSCSISharing::kVirtualSharing ? "virtual" : "physical");
    }
    for (BusKind kind : {BusKind::kSata, BusKind::kNvme})
        for (int bus = 0; bus < InfoOf(kind).buses; ++bus) {
            std::string place = base::Cat(InfoOf(kind).word, bus);
            if (FindDevice(devices, InfoOf(kind).controller_base + bus)) vmx.SetBool(place + ".present", true);
            else Forget(vmx, place);
        }
    auto* usb = dynamic_cast<const vim::VirtualUSBController*>(FindDevice(devices, kUsbKey));
    if (usb) vmx.SetBool("usb.present", true);
    else vmx.Remove("usb.present");
    if (usb && usb->ehci_enabled.value_or(false)) vmx.SetBool("ehci.present", true);
    else vmx.Remove("ehci.present");
    if (FindDevice(devices, kXhciKey)) vmx.SetBool("usb_xhci.present", true);
    else vmx.Remove("usb_xhci.present");
}

void WriteNic(const vim::VirtualEthernetCard& nic, const std::string& place, codec::Vmx& vmx) {
    vmx.Set(place + ".virtualDev", NicWord(nic));
    if (nic.type().name == "VirtualVmxnet2") vmx.Set(place + ".features", "15");
    else vmx.Remove(place + ".features");
    auto* network = nic.backing.As<vim::VirtualDeviceDeviceBackingInfo>();
    vmx.Set(place + ".networkName", network ? network->device_name : "");
    std::string type = nic.address_type.value_or("generated");
    bool manual = type == "manual";
    vmx.Set(place + ".addressType", manual ? "static" : type == "assigned" ? "vpx" : "generated");
    vmx.Set(place + (manual ? ".address" : ".generatedAddress"), nic.mac_address.value_or(""));
    vmx.Remove(place + (manual ? ".generatedAddress" : ".address"));
    if (type != "generated") vmx.Remove(place + ".generatedAddressOffset");
    else if (!vmx.Find(place + ".generatedAddressOffset")) vmx.Set(place + ".generatedAddressOffset", "0");
    if (nic.wake_on_lan_enabled.value_or(true)) vmx.Remove(place + ".wakeOnPcktRcv");
    else vmx.SetBool(place + ".wakeOnPcktRcv", false);
    WriteBandwidth(nic, place, vmx);
    WriteConnect(nic, place, vmx);
}

}  // namespace

base::Result<Devices> ReadDevices(const codec::Vmx& vmx, const DatastorePath& folder, const VolumeList& volumes) {
    Devices out = BaseDevices();
    Source from{vmx, folder, volumes};
    ReadControllers(vmx, out);
    Devices hanging;
    for (BusKind kind : kBusKinds)
        for (int bus = 0; bus < InfoOf(kind).buses; ++bus) {
            if (!FindDevice(out, InfoOf(kind).controller_base + bus)) continue;
            ReadBus(from, InfoOf(kind), bus, hanging);
        }
    for (Device& d : hanging) out.push_back(std::move(d));
    ReadNics(vmx, out);
    ReadFloppies(from, out);
    ReadPorts(from, out);
    ReadCards(vmx, out);
    CompleteDevices(out);
    return out;
}

void WriteDevices(const Devices& devices, const DatastorePath& folder, const VolumeList& volumes, codec::Vmx& vmx) {
    Target to{folder, volumes};
    WriteControllers(devices, vmx);
    for (BusKind kind : kBusKinds)
        for (int bus = 0; bus < InfoOf(kind).buses; ++bus)
            for (int unit = 0; unit < InfoOf(kind).units; ++unit) {
                Slot slot{kind, bus, unit};
                WriteSlot(FindDevice(devices, slot.Key()), slot, to, vmx);
            }
    for (int number = 0; number < kMaxNics; ++number) {
        std::string place = base::Cat("ethernet", number);
        auto* nic = dynamic_cast<const vim::VirtualEthernetCard*>(FindDevice(devices, kNicKey + number));
        if (!nic) {
            Forget(vmx, place);
            Forget(vmx, "sched." + place);
            continue;
        }
        vmx.SetBool(place + ".present", true);
        WriteNic(*nic, place, vmx);
    }
    WriteFloppies(devices, to, vmx);
    WritePorts(devices, to, vmx);
    WriteCards(devices, vmx);
}

}  // namespace vm
