#include "vm/config.h"

#include <algorithm>

#include "base/ids.h"
#include "base/text.h"
#include "vm/growth.h"
#include "vm/guest_os.h"
#include "vm/vapp_config.h"

namespace vm {
namespace {

// Whole keys, lower case.
constexpr std::string_view kKeys[] = {
    ".encoding",
    "config.version",
    "virtualhw.version",
    "displayname",
    "guestos",
    "guestosaltname",
    "memsize",
    "numvcpus",
    "cpuid.corespersocket",
    "uuid.bios",
    "uuid.location",
    "tools.deploypkg.filename",
    "bedplate.customization",
    "vc.uuid",
    "firmware",
    "annotation",
    "checkpoint.vmstate",
    "cleanshutdown",
    "usb.present",
    "ehci.present",
    "usb_xhci.present",
    "sched.cpu.min",
    "sched.cpu.max",
    "sched.cpu.shares",
    "sched.cpu.units",
    "sched.mem.min",
    "sched.mem.max",
    "sched.mem.shares",
    "sched.mem.pin",
    "logging",
    "vcpu.hotadd",
    "vcpu.hotremove",
    "mem.hotadd",
    "vhv.enable",
    "vpmc.enable",
    "ctkenabled",
    "bios.bootdelay",
    "bios.forcesetuponce",
    "bios.bootorder",
    "bios.hddorder",
    "bios.bootretry.enabled",
    "bios.bootretry.delay",
    "bios.networkbootprotocol",
    "uefi.secureboot.enabled",
    "svga.vramsize",
    "svga.autodetect",
    "svga.numdisplays",
    "vtpm.present",
    "sched.cpu.affinity",
    "sched.cpu.latencysensitivity",
    "tools.synctime",
    "time.synchronize.allow",
    "tools.upgrade.policy",
    "toolscripts.afterpoweron",
    "toolscripts.afterresume",
    "toolscripts.beforesuspend",
    "toolscripts.beforepoweroff",
    "powertype.poweroff",
    "powertype.suspend",
    "powertype.reset",
    "remotedisplay.maxconnections",
    "tools.guest.desktop.autolock",
    kVAppKey,
};
// What follows the place of a device: "scsi0:1.".
constexpr std::string_view kSlotKeys[] = {
    "present",        "filename",     "devicetype",   "mode",
    "startconnected", "clientdevice", "writethrough", "allowguestconnectioncontrol"};
constexpr std::string_view kNicKeys[] = {"present",
                                         "virtualdev",
                                         "networkname",
                                         "addresstype",
                                         "address",
                                         "generatedaddress",
                                         "generatedaddressoffset",
                                         "connectiontype",
                                         "startconnected",
                                         "wakeonpcktrcv",
                                         "features",
                                         "allowguestconnectioncontrol"};
constexpr std::string_view kSerialKeys[] = {"present",          "filetype",
                                            "filename",         "startconnected",
                                            "yieldonmsrread",   "allowguestconnectioncontrol",
                                            "network.endpoint", "pipe.endpoint",
                                            "trynorxloss",      "vspc",
                                            "autodetect"};
constexpr std::string_view kParallelKeys[] = {
    "present", "filetype", "filename", "startconnected", "allowguestconnectioncontrol", "autodetect"};
// "sched.scsi0:1.shares"
constexpr std::string_view kShareKeys[] = {"shares", "throughputcap", "throughputreservation"};
constexpr std::string_view kBandwidthKeys[] = {"shares", "min", "max"};
constexpr std::string_view kControllerKeys[] = {"present", "virtualdev", "sharedbus"};
constexpr std::string_view kFloppyKeys[] = {"present",        "filetype",     "filename",
                                            "startconnected", "clientdevice", "allowguestconnectioncontrol"};

template <class Array> bool Holds(const Array& words, std::string_view word) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool IsNumber(std::string_view s) {
    return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "scsi0", "scsi0:1", "ethernet3" and the key behind it.
bool IsDeviceKey(std::string_view place, std::string_view key) {
    auto of = [&](std::string_view word) { return place.starts_with(word) && IsNumber(place.substr(word.size())); };
    if (of("ethernet")) return Holds(kNicKeys, key);
    if (of("serial")) return Holds(kSerialKeys, key);
    if (of("parallel")) return Holds(kParallelKeys, key);
    if (of("floppy")) return Holds(kFloppyKeys, key);
    for (BusKind kind : kBusKinds) {
        std::string_view word = InfoOf(kind).word;
        if (of(word)) return kind != BusKind::kIde && Holds(kControllerKeys, key);
        std::size_t colon = place.find(':');
        if (colon == std::string_view::npos || !place.starts_with(word)) continue;
        if (IsNumber(place.substr(word.size(), colon - word.size())) && IsNumber(place.substr(colon + 1)))
            return Holds(kSlotKeys, key);
    }
    return false;
}

// "scsi0:1.shares", "ethernet0.max"
bool IsShareKey(std::string_view key) {
    std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) return false;
    std::string_view place = key.substr(0, dot), what = key.substr(dot + 1);
    if (place.starts_with("ethernet")) return IsNumber(place.substr(8)) && Holds(kBandwidthKeys, what);
    return place.find(':') != std::string_view::npos && Holds(kShareKeys, what) && IsDeviceKey(place, "present");
}

vim::Ptr<vim::VirtualMachineFileInfo> FilesAt(const DatastorePath& vmx_path) {
    vim::VirtualMachineFileInfo files;
    files.vm_path_name = vmx_path.Text();
    std::string folder = vmx_path.Folder().Text() + (vmx_path.Folder().path.empty() ? " " : "/");
    files.snapshot_directory = files.suspend_directory = files.log_directory = folder;
    return files;
}

}  // namespace

bool IsManagedKey(std::string_view key) {
    std::string lower = base::Lower(key);
    if (Holds(kKeys, lower)) return true;
    constexpr std::string_view kShares = "sched.";
    if (lower.starts_with(kShares)) return IsShareKey(std::string_view(lower).substr(kShares.size()));
    std::size_t dot = lower.find('.');
    return dot != std::string::npos &&
           IsDeviceKey(std::string_view(lower).substr(0, dot), std::string_view(lower).substr(dot + 1));
}

std::string VmxUuid(std::string_view uuid) {
    std::optional<std::string> normal = base::NormalUuid(uuid);
    if (!normal) return {};
    std::string out;
    int bytes = 0;
    for (std::size_t i = 0; i < normal->size();) {
        if ((*normal)[i] == '-') {
            ++i;
            continue;
        }
        if (bytes) out += bytes == 8 ? '-' : ' ';
        out += normal->substr(i, 2);
        i += 2;
        ++bytes;
    }
    return out;
}

const std::string* ExtraConfig(const Config& config, std::string_view key) {
    for (const auto& option : config.extra_config)
        if (base::EqualNoCase(option->key, key)) return option->value.As<std::string>();
    return nullptr;
}

codec::Vmx NewVmx() {
    codec::Vmx vmx;
    vmx.Set(".encoding", "UTF-8");
    vmx.Set("config.version", "8");
    vmx.Set("pciBridge0.present", "TRUE");
    for (int bridge = 4; bridge < 8; ++bridge) {
        std::string place = base::Cat("pciBridge", bridge);
        vmx.Set(place + ".present", "TRUE");
        vmx.Set(place + ".virtualDev", "pcieRootPort");
        vmx.Set(place + ".functions", "8");
    }
    vmx.Set("vmci0.present", "TRUE");
    vmx.Set("hpet0.present", "TRUE");
    vmx.Set("svga.present", "TRUE");
    return vmx;
}

base::Result<Config> ReadConfig(const codec::Vmx& vmx, const DatastorePath& vmx_path, const VolumeList& volumes) {
    Config c;
    c.name = vmx.Get("displayName");
    if (c.name.empty()) c.name = vmx_path.WithSuffix(".vmx", "").Name();
    TRY(version, vmx.GetInt("virtualHW.version", 4));
    if (version < 3 || version > 99)
        return base::Error{base::Code::kInvalid,
                           base::Cat("virtualHW.version is ", version, ", which no virtual machine has")};
    c.version = base::Cat("vmx-", version < 10 ? "0" : "", version);
    c.uuid = base::NormalUuid(vmx.Get("uuid.bios")).value_or("");
    c.location_id = base::NormalUuid(vmx.Get("uuid.location"));
    c.instance_uuid = base::NormalUuid(vmx.Get("vc.uuid"));
    c.guest_id = GuestIdFromVmx(vmx.Get("guestOS"));
    c.alternate_guest_name = vmx.Get("guestOSAltName");
    c.guest_full_name = GuestFullName(c.guest_id, c.alternate_guest_name);
    c.annotation = vmx.Get("annotation");
    c.template_ = vmx_path.path.ends_with(".vmtx");
    c.files = FilesAt(vmx_path);
    CHECK(ReadHardware(vmx, c));
    ReadOptions(vmx, c);
    ReadVApp(vmx, c);
    TRY(devices, ReadDevices(vmx, vmx_path.Folder(), volumes));
    c.hardware.Mut().device = std::move(devices);
    for (codec::Vmx::Entry& entry : vmx.Entries()) {
        if (IsManagedKey(entry.key)) continue;
        vim::OptionValue option;
        option.key = std::move(entry.key);
        option.value = std::move(entry.value);
        c.extra_config.push_back(std::move(option));
    }
    TakeGrowth(c);
    return c;
}

void WriteConfig(const Config& config, const DatastorePath& vmx_path, const VolumeList& volumes, codec::Vmx& vmx) {
    vmx.Set("config.version", "8");
    vmx.SetInt("virtualHW.version", base::ToInt(std::string_view(config.version).substr(4)).value_or(13));
    vmx.Set("displayName", config.name);
    vmx.Set("guestOS", VmxFromGuestId(config.guest_id));
    auto set = [&](std::string_view key, const std::string& value) {
        if (value.empty()) vmx.Remove(key);
        else vmx.Set(key, value);
    };
    set("guestOSAltName", config.alternate_guest_name);
    set("uuid.bios", VmxUuid(config.uuid));
    set("uuid.location", VmxUuid(config.location_id.value_or("")));
    set("vc.uuid", VmxUuid(config.instance_uuid.value_or("")));
    set("annotation", config.annotation.value_or(""));
    // Before the fields: a few lines (disk.EnableUUID) are seen both ways, and the field counts.
    for (const codec::Vmx::Entry& entry : vmx.Entries())
        if (!IsManagedKey(entry.key) && !ExtraConfig(config, entry.key)) vmx.Remove(entry.key);
    for (const auto& option : config.extra_config)
        if (const auto* text = option->value.As<std::string>()) vmx.Set(option->key, *text);
    WriteHardware(config, vmx);
    WriteOptions(config, vmx);
    WriteVApp(config, vmx);
    WriteDevices(config.hardware->device, vmx_path.Folder(), volumes, vmx);
}

}  // namespace vm
