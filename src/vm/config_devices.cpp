// Controllers, disks, CD-ROMs, network adapters and the rest, from and to lines of a .vmx.
#include "base/text.h"
#include "vim/gen/host_network.h"
#include "vm/config.h"
#include "vm/disk_flags.h"

namespace vm {
namespace {

constexpr std::string_view kNoMedium = "emptyBackingString";

bool Flag(const codec::Vmx& vmx, const std::string& key, bool otherwise) {
    auto value = vmx.GetBool(key, otherwise);
    return value ? *value : otherwise;
}

vim::Ptr<vim::VirtualDeviceConnectInfo> ReadConnect(const codec::Vmx& vmx, const std::string& place) {
    vim::VirtualDeviceConnectInfo c;
    c.start_connected = Flag(vmx, place + ".startConnected", true);
    c.allow_guest_control = Flag(vmx, place + ".allowGuestConnectionControl", true);
    c.connected = false;
    c.status = "untried";
    return c;
}

void WriteConnect(const vim::VirtualDevice& device, const std::string& place, codec::Vmx& vmx) {
    if (!device.connectable) return;
    if (device.connectable->start_connected) vmx.Remove(place + ".startConnected");
    else vmx.SetBool(place + ".startConnected", false);
    if (device.connectable->allow_guest_control) vmx.Remove(place + ".allowGuestConnectionControl");
    else vmx.SetBool(place + ".allowGuestConnectionControl", false);
}

struct Source {
    const codec::Vmx& vmx;
    const DatastorePath& folder;
    const VolumeList& volumes;

    template <class Backing> Backing File(std::string_view name) const {
        Backing b;
        b.file_name = ToDatastorePath(volumes, folder, name);
        if (auto path = DatastorePath::Parse(b.file_name))
            if (const Volume* volume = FindVolume(volumes, path->datastore)) b.datastore = volume->datastore;
        return b;
    }
};

Device ReadDisk(const Source& from, const std::string& place) {
    vim::VirtualDisk disk;
    auto backing = from.File<vim::VirtualDiskFlatVer2BackingInfo>(from.vmx.Get(place + ".fileName"));
    ReadFlags(from.vmx, place, backing);
    backing.split = false;
    disk.backing = std::move(backing);
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
        out.push_back(std::move(c));
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
        nic.connectable = ReadConnect(vmx, place);
        nic.key = kNicKey + number;
        nic.controller_key = kPciKey;
        nic.unit_number = 7 + number;
        out.push_back(std::move(shared));
    }
}

void ReadFloppies(const Source& from, Devices& out) {
    for (int number = 0; number < kMaxFloppies; ++number) {
        std::string place = base::Cat("floppy", number);
        // VMware's floppy0 is there unless the file says that it is not.
        if (!Flag(from.vmx, place + ".present", false)) continue;
        vim::VirtualFloppy floppy;
        std::string file = from.vmx.Get(place + ".fileName");
        if (base::EqualNoCase(from.vmx.Get(place + ".fileType"), "file") && !file.empty()) {
            floppy.backing = from.File<vim::VirtualFloppyImageBackingInfo>(file);
        } else {
            vim::VirtualFloppyRemoteDeviceBackingInfo remote;
            remote.use_auto_detect = false;
            floppy.backing = std::move(remote);
        }
        floppy.connectable = ReadConnect(from.vmx, place);
        floppy.key = kFloppyKey + number;
        floppy.controller_key = kSioKey;
        floppy.unit_number = number;
        out.push_back(std::move(floppy));
    }
}

void ReadSerials(const Source& from, Devices& out) {
    for (int number = 0; number < kMaxSerials; ++number) {
        std::string place = base::Cat("serial", number);
        // Ports behind a pipe, a device or the network stay lines of the file.
        if (!Flag(from.vmx, place + ".present", false) || !base::EqualNoCase(from.vmx.Get(place + ".fileType"), "file"))
            continue;
        vim::VirtualSerialPort port;
        port.backing = from.File<vim::VirtualSerialPortFileBackingInfo>(from.vmx.Get(place + ".fileName"));
        port.yield_on_poll = Flag(from.vmx, place + ".yieldOnMsrRead", true);
        port.connectable = ReadConnect(from.vmx, place);
        port.key = kSerialKey + number;
        port.controller_key = kSioKey;
        port.unit_number = number + kMaxFloppies;
        out.push_back(std::move(port));
    }
}

// Where the lines will stand: names of files depend on it.
struct Target {
    const DatastorePath& folder;
    const VolumeList& volumes;
    std::string Name(const std::string& datastore_path) const { return ToVmxName(volumes, folder, datastore_path); }
};

// Lines of a device that is there no more, or is another one now.
void Forget(codec::Vmx& vmx, const std::string& place) { vmx.RemovePrefix(place + "."); }

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
    vmx.Set(place + ".deviceType", slot.kind == BusKind::kScsi ? "scsi-hardDisk" : "ata-hardDisk");
    vmx.Set(place + ".fileName", to.Name(file->file_name));
    WriteFlags(*file, place, vmx);
}

void WriteSlot(const vim::VirtualDevice* device, const Slot& slot, const Target& to, codec::Vmx& vmx) {
    std::string place = slot.Word();
    bool cdrom = device && device->type().IsA(vim::VirtualCdrom::kType);
    bool was_cdrom = base::Lower(vmx.Get(place + ".deviceType")).find("cdrom") != std::string::npos;
    if (!device || cdrom != was_cdrom) Forget(vmx, place);
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
    for (int bus = 0; bus < InfoOf(BusKind::kSata).buses; ++bus) {
        std::string place = base::Cat("sata", bus);
        if (FindDevice(devices, InfoOf(BusKind::kSata).controller_base + bus)) vmx.SetBool(place + ".present", true);
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
    WriteConnect(nic, place, vmx);
}

void WriteFloppy(const vim::VirtualDevice& floppy, const std::string& place, const Target& to, codec::Vmx& vmx) {
    if (auto* image = floppy.backing.As<vim::VirtualFloppyImageBackingInfo>()) {
        vmx.Set(place + ".fileType", "file");
        vmx.Set(place + ".fileName", to.Name(image->file_name));
        vmx.Remove(place + ".clientDevice");
    } else {
        vmx.Set(place + ".fileType", "device");
        vmx.Set(place + ".fileName", "");
        vmx.SetBool(place + ".clientDevice", true);
    }
    WriteConnect(floppy, place, vmx);
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
    ReadSerials(from, out);
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
            continue;
        }
        vmx.SetBool(place + ".present", true);
        WriteNic(*nic, place, vmx);
    }
    for (int number = 0; number < kMaxFloppies; ++number) {
        std::string place = base::Cat("floppy", number);
        const vim::VirtualDevice* floppy = FindDevice(devices, kFloppyKey + number);
        bool listed = floppy || number == 0;             // floppy0 is there unless its line says no
        for (const codec::Vmx::Entry& line : vmx.Entries(place + "."))
            if (!floppy && !(listed && base::EqualNoCase(line.key, place + ".present"))) vmx.Remove(line.key);
        if (listed) vmx.SetBool(place + ".present", floppy);
        if (floppy) WriteFloppy(*floppy, place, to, vmx);
    }
    for (int number = 0; number < kMaxSerials; ++number) {
        std::string place = base::Cat("serial", number);
        auto* port = dynamic_cast<const vim::VirtualSerialPort*>(FindDevice(devices, kSerialKey + number));
        bool ours = base::EqualNoCase(vmx.Get(place + ".fileType"), "file");
        if (!port && ours) Forget(vmx, place);
        if (!port) continue;
        vmx.SetBool(place + ".present", true);
        vmx.Set(place + ".fileType", "file");
        if (auto* file = port->backing.As<vim::VirtualSerialPortFileBackingInfo>())
            vmx.Set(place + ".fileName", to.Name(file->file_name));
        WriteConnect(*port, place, vmx);
    }
}

}  // namespace vm
