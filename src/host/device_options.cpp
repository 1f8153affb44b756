#include "host/device_options.h"

#include "host/capability.h"
#include "host/hardware_versions.h"
#include "host/make.h"

namespace host {
namespace {

constexpr int kSataPlaces = 6;           // of our model; VMware's has 30

// Common to all: what the device is called and where it hangs.
template <class O> O Kind(std::string_view type, std::string_view controller = {}) {
    O o;
    o.type_ = type;
    if (!controller.empty()) {
        o.controller_type = controller;
        o.auto_assign_controller = Switch(true, true);
    }
    o.plug_and_play = false;
    o.hot_remove_supported = false;
    return o;
}

vim::Ptr<vim::VirtualDeviceConnectOption> Connectable() {
    vim::VirtualDeviceConnectOption c;
    c.start_connected = Switch(true, true);
    c.allow_guest_control = Switch(true, true);
    return c;
}

template <class O> O Scsi(std::string_view type, int disks) {
    O o = Kind<O>(type, "VirtualPCIController");
    o.plug_and_play = o.hot_remove_supported = true;
    o.devices = IntRange(0, disks, 0);
    o.supported_device = {"VirtualDisk", "VirtualCdrom"};
    o.num_scsi_disks = IntRange(0, disks, 0);
    o.num_scsi_cdroms = IntRange(0, disks, 0);
    o.num_scsi_passthrough = IntRange(0, 0, 0);
    o.sharing = {vim::VirtualSCSISharing::kNoSharing};
    o.hot_add_remove = Switch(true, true);
    o.scsi_ctlr_unit_number = 7;
    return o;
}

vim::VirtualIDEControllerOption Ide() {
    auto o = Kind<vim::VirtualIDEControllerOption>("VirtualIDEController");
    o.devices = IntRange(0, 2, 0);
    o.supported_device = {"VirtualDisk", "VirtualCdrom"};
    o.num_ide_disks = IntRange(0, 2, 0);
    o.num_ide_cdroms = IntRange(0, 2, 0);
    return o;
}

vim::VirtualAHCIControllerOption Sata() {
    auto o = Kind<vim::VirtualAHCIControllerOption>("VirtualAHCIController", "VirtualPCIController");
    o.devices = IntRange(0, kSataPlaces, 0);
    o.supported_device = {"VirtualDisk", "VirtualCdrom"};
    o.num_sata_disks = IntRange(0, kSataPlaces, 0);
    o.num_sata_cdroms = IntRange(0, kSataPlaces, 0);
    return o;
}

template <class O> O Card(std::string_view type) {
    O o = Kind<O>(type, "VirtualPCIController");
    o.plug_and_play = o.hot_remove_supported = true;
    o.connect_option = Connectable();
    o.supported_oui = Choice({"00:50:56", "00:0c:29", "52:54:00"});
    o.mac_type = Choice({"generated", "manual", "assigned"});
    o.wake_on_lan_enabled = Switch(true, true);
    vim::VirtualEthernetCardNetworkBackingOption backing;
    backing.type_ = "VirtualEthernetCardNetworkBackingInfo";
    backing.auto_detect_available = Switch(false, false);
    o.backing_option = {std::move(backing)};
    o.default_backing_option_index = 0;
    return o;
}

vim::VirtualNVMEControllerOption Nvme() {
    auto o = Kind<vim::VirtualNVMEControllerOption>("VirtualNVMEController", "VirtualPCIController");
    o.devices = IntRange(0, 15, 0);
    o.supported_device = {"VirtualDisk"};
    o.num_nvme_disks = IntRange(0, 15, 0);
    o.sharing = {"noSharing"};
    return o;
}

vim::VirtualDiskOption Disk() {
    auto o = Kind<vim::VirtualDiskOption>("VirtualDisk", "VirtualSCSIController");
    o.plug_and_play = o.hot_remove_supported = true;
    o.capacity_in_kb = LongRange(1, kMaxDiskBytes / 1024, 8 << 20);
    auto& io = o.io_allocation_option.Mut();
    io.limit_option = LongRange(-1, 2147483647, -1);
    auto& shares = io.shares_option.Mut();
    shares.shares_option = IntRange(200, 4000, 1000);
    shares.default_level = vim::SharesLevel::kNormal;
    vim::VirtualDiskFlatVer2BackingOption flat;
    flat.type_ = "VirtualDiskFlatVer2BackingInfo";
    flat.file_name_extensions = Choice({"vmdk"});
    flat.disk_mode = Choice({"persistent", "nonpersistent", "independent_persistent", "independent_nonpersistent"});
    flat.split = Switch(false, false);
    flat.write_through = Switch(true, false);
    flat.growable = true;
    flat.hot_growable = true;
    flat.uuid = true;
    flat.thin_provisioned = Switch(true, false);
    flat.eagerly_scrub = Switch(true, false);
    flat.delta_disk_format = Choice({"redoLogFormat"});
    o.backing_option = {std::move(flat)};
    o.default_backing_option_index = 0;
    return o;
}

template <class B> vim::Ptr<vim::VirtualDeviceBackingOption> Backing(std::string_view type) {
    B b;
    b.type_ = type;
    return b;
}

template <class B>
vim::Ptr<vim::VirtualDeviceBackingOption> File(std::string_view type, std::initializer_list<std::string_view> ends) {
    B b;
    b.type_ = type;
    b.file_name_extensions = Choice(ends);
    return b;
}

template <class B> vim::Ptr<vim::VirtualDeviceBackingOption> Client(std::string_view type) {
    B b;
    b.type_ = type;
    b.auto_detect_available = Switch(true, false);
    return b;
}

vim::VirtualCdromOption Cdrom() {
    auto o = Kind<vim::VirtualCdromOption>("VirtualCdrom", "VirtualIDEController");
    o.connect_option = Connectable();
    o.backing_option = {
        File<vim::VirtualCdromIsoBackingOption>("VirtualCdromIsoBackingInfo", {"iso"}),
        Client<vim::VirtualCdromRemotePassthroughBackingOption>("VirtualCdromRemotePassthroughBackingInfo")};
    o.default_backing_option_index = 0;
    return o;
}

vim::VirtualFloppyOption Floppy() {
    auto o = Kind<vim::VirtualFloppyOption>("VirtualFloppy", "VirtualSIOController");
    o.connect_option = Connectable();
    o.backing_option = {File<vim::VirtualFloppyImageBackingOption>("VirtualFloppyImageBackingInfo", {"flp", "img"}),
                        Client<vim::VirtualFloppyRemoteDeviceBackingOption>("VirtualFloppyRemoteDeviceBackingInfo")};
    o.default_backing_option_index = 0;
    return o;
}

vim::VirtualSerialPortOption Serial() {
    auto o = Kind<vim::VirtualSerialPortOption>("VirtualSerialPort", "VirtualSIOController");
    o.connect_option = Connectable();
    o.yield_on_poll = Switch(true, true);
    vim::VirtualSerialPortPipeBackingOption pipe;
    pipe.type_ = "VirtualSerialPortPipeBackingInfo";
    pipe.endpoint = Choice({"server", "client"});
    pipe.no_rx_loss = Switch(true, false);
    vim::VirtualSerialPortURIBackingOption uri;
    uri.type_ = "VirtualSerialPortURIBackingInfo";
    uri.directions = Choice({"server", "client"});
    o.backing_option = {File<vim::VirtualSerialPortFileBackingOption>("VirtualSerialPortFileBackingInfo", {"txt"}),
                        std::move(uri), std::move(pipe)};
    o.default_backing_option_index = 0;
    return o;
}

vim::VirtualParallelPortOption Parallel() {
    auto o = Kind<vim::VirtualParallelPortOption>("VirtualParallelPort", "VirtualSIOController");
    o.connect_option = Connectable();
    o.backing_option = {File<vim::VirtualParallelPortFileBackingOption>("VirtualParallelPortFileBackingInfo", {"txt"})};
    o.default_backing_option_index = 0;
    return o;
}

vim::VirtualUSBControllerOption Usb() {
    auto o = Kind<vim::VirtualUSBControllerOption>("VirtualUSBController", "VirtualPCIController");
    o.devices = IntRange(0, 20, 0);
    o.supported_device = {};
    o.auto_connect_devices = Switch(false, false);
    o.ehci_supported = Switch(true, true);
    o.supported_speeds = {"low", "full", "high"};
    return o;
}

vim::VirtualUSBXHCIControllerOption Xhci() {
    auto o = Kind<vim::VirtualUSBXHCIControllerOption>("VirtualUSBXHCIController", "VirtualPCIController");
    o.devices = IntRange(0, 20, 0);
    o.auto_connect_devices = Switch(false, false);
    o.supported_speeds = {"low", "full", "high", "superSpeed"};
    return o;
}

vim::VirtualTPMOption Tpm() {
    auto o = Kind<vim::VirtualTPMOption>("VirtualTPM");
    o.supported_firmware = {"efi"};
    return o;
}

vim::VirtualVideoCardOption Video() {
    auto o = Kind<vim::VirtualVideoCardOption>("VirtualMachineVideoCard", "VirtualPCIController");
    o.video_ram_size_in_kb = LongRange(1024, 262144, 4096);
    o.num_displays = IntRange(1, 1, 1);
    o.use_auto_detect = Switch(true, false);
    o.support3_d = Switch(false, false);
    return o;
}

}  // namespace

std::vector<vim::Ptr<vim::VirtualDeviceOption>> DeviceOptions(int hardware_version) {
    std::vector<vim::Ptr<vim::VirtualDeviceOption>> all = {
        Ide(),
        Sata(),
        Nvme(),
        Scsi<vim::VirtualLsiLogicControllerOption>("VirtualLsiLogicController", 7),
        Scsi<vim::VirtualLsiLogicSASControllerOption>("VirtualLsiLogicSASController", 7),
        Scsi<vim::ParaVirtualSCSIControllerOption>("ParaVirtualSCSIController", 15),
        Disk(),
        Cdrom(),
        Floppy(),
        Serial(),
        Parallel(),
        Usb(),
        Xhci(),
        Tpm(),
        Video(),
        Card<vim::VirtualVmxnet3Option>("VirtualVmxnet3"),
        Card<vim::VirtualE1000eOption>("VirtualE1000e"),
        Card<vim::VirtualE1000Option>("VirtualE1000"),
        Card<vim::VirtualVmxnet2Option>("VirtualVmxnet2"),
        Card<vim::VirtualPCNet32Option>("VirtualPCNet32")};
    std::erase_if(all, [&](const auto& o) { return SinceHardware(o->type_) > hardware_version; });
    return all;
}

}  // namespace host
