#include "vm/backend_spec.h"

#include <unistd.h>

#include "base/text.h"
#include "vm/disk_files.h"
#include "vm/disk_flags.h"

namespace vm {
namespace {

backend::Bus BusOf(const Slot& slot, const Devices& devices) {
    if (slot.kind == BusKind::kIde) return backend::Bus::kIde;
    if (slot.kind == BusKind::kSata) return backend::Bus::kSata;
    const vim::VirtualDevice* controller = FindDevice(devices, slot.ControllerKey());
    std::string_view word = controller ? ScsiWord(*controller) : "";
    if (word == "pvscsi") return backend::Bus::kPvscsi;
    if (word == "buslogic") return backend::Bus::kBusLogic;
    return word == "lsisas1068" ? backend::Bus::kLsiSas : backend::Bus::kLsiLogic;
}

vim::Result<std::string> ExistingFile(const VolumeList& volumes, const std::string& datastore_path) {
    auto located = Locate(volumes, datastore_path);
    if (!located) return std::move(located).error();
    std::string file = located->Absolute();
    if (access(file.c_str(), R_OK) || !StaysWithin(located->volume.folder, file)) {
        vim::FileNotFound fault;
        fault.file = located->path.Text();
        return vim::Fault(std::move(fault), base::Cat(located->path.Text(), " is not there"));
    }
    return file;
}

backend::DiskSpec PlaceOf(const vim::VirtualDevice& device, const Slot& slot, const Devices& devices,
                          std::string path) {
    return {.key = device.key,
            .bus = BusOf(slot, devices),
            .bus_number = slot.bus,
            .unit = slot.unit,
            .cdrom = device.type().IsA(vim::VirtualCdrom::kType),
            .path = std::move(path)};
}

vim::Result<> AddDisk(const vim::VirtualDevice& device, const Slot& slot, const Devices& devices,
                      const VolumeList& volumes, backend::VmSpec& spec) {
    auto* backing = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    auto located = Locate(volumes, backing->file_name);
    if (!located) return std::move(located).error();
    auto facts = InspectDisk(located->volume.folder, located->Absolute());
    if (!facts && facts.error().code == base::Code::kNotFound) {
        vim::FileNotFound fault;
        fault.file = backing->file_name;
        return vim::Fault(std::move(fault), std::move(facts).error().message);
    }
    if (!facts) return vim::Fault(vim::InvalidDiskFormat(), std::move(facts).error().message);
    spec.disks.push_back(PlaceOf(device, slot, devices, facts->flat));
    spec.disks.back().overlays = std::move(facts->overlays);
    spec.disks.back().shared = backing->sharing == kShared;
    spec.disks.back().write_through = backing->write_through.value_or(false);
    return {};
}

vim::Result<> AddCdrom(const vim::VirtualDevice& device, const Slot& slot, const Devices& devices,
                       const VolumeList& volumes, backend::VmSpec& spec) {
    bool connected = false;
    std::string path = MediumOf(device, connected);
    std::string file;
    if (!path.empty() && connected) {
        auto there = ExistingFile(volumes, path);
        if (there) file = *std::move(there);
        else connected = false;      // as an empty drive, like the real one
    }
    backend::DiskSpec drive = PlaceOf(device, slot, devices, std::move(file));
    drive.read_only = true;
    drive.connected = connected;
    spec.disks.push_back(std::move(drive));
    return {};
}

void AddNic(const vim::VirtualEthernetCard& nic, backend::VmSpec& spec) {
    std::string_view word = NicWord(nic);
    auto* backing = nic.backing.As<vim::VirtualDeviceDeviceBackingInfo>();
    spec.nics.push_back({.key = nic.key,
                         .model = word == "vlance"   ? "pcnet"
                                  : word == "vmxnet" ? "vmxnet3"
                                                     : std::string(word),
                         .mac = nic.mac_address.value_or(""),
                         .network = backing ? backing->device_name : std::string(),
                         .connected = !nic.connectable || nic.connectable->start_connected});
}

vim::Result<> AddBootFiles(const Config& config, const VolumeList& volumes, backend::VmSpec& spec) {
    const std::string* kernel = ExtraConfig(config, kBootKernelKey);
    if (!kernel || kernel->empty()) return {};
    auto file = ExistingFile(volumes, *kernel);
    if (!file) return std::move(file).error().While(base::Cat("boot the kernel of extraConfig ", kBootKernelKey));
    spec.kernel = *std::move(file);
    if (const std::string* initrd = ExtraConfig(config, kBootInitrdKey); initrd && !initrd->empty()) {
        auto there = ExistingFile(volumes, *initrd);
        if (!there)
            return std::move(there).error().While(base::Cat("boot with the file of extraConfig ", kBootInitrdKey));
        spec.initrd = *std::move(there);
    }
    if (const std::string* words = ExtraConfig(config, kBootCommandLineKey)) spec.command_line = *words;
    return {};
}

void AddBootOrder(const Config& config, backend::VmSpec& spec) {
    if (!config.boot_options) return;
    for (const auto& b : config.boot_options->boot_order) {
        const char* word = b.As<vim::VirtualMachineBootOptionsBootableCdromDevice>()      ? "cdrom"
                           : b.As<vim::VirtualMachineBootOptionsBootableEthernetDevice>() ? "ethernet"
                           : b.As<vim::VirtualMachineBootOptionsBootableDiskDevice>()     ? "disk"
                                                                                          : nullptr;
        if (word && std::find(spec.boot_order.begin(), spec.boot_order.end(), word) == spec.boot_order.end())
            spec.boot_order.emplace_back(word);
    }
}

}  // namespace

std::string MediumOf(const vim::VirtualDevice& cdrom, bool& connected) {
    auto* iso = cdrom.backing.As<vim::VirtualCdromIsoBackingInfo>();
    connected = iso && !iso->file_name.empty() && (!cdrom.connectable || cdrom.connectable->start_connected);
    return iso ? iso->file_name : std::string();
}

vim::Result<backend::VmSpec> MakeSpec(std::string id, const Config& config, const std::string& folder,
                                      const VolumeList& volumes) {
    backend::VmSpec spec;
    spec.id = std::move(id);
    spec.name = config.name;
    spec.uuid = config.uuid;
    spec.cpus = config.hardware->num_cpu;
    spec.cores_per_socket = config.hardware->num_cores_per_socket.value_or(1);
    spec.memory_mb = config.hardware->memory_mb;
    spec.efi = config.firmware == "efi";
    const Devices& devices = config.hardware->device;
    for (const Device& d : devices) {
        std::optional<Slot> slot = SlotOf(*d);
        if (slot && folder.empty()) {
            spec.disks.push_back(PlaceOf(*d, *slot, devices, {}));
            continue;
        }
        if (slot && d->type().IsA(vim::VirtualDisk::kType)) CHECK(AddDisk(*d, *slot, devices, volumes, spec));
        if (slot && d->type().IsA(vim::VirtualCdrom::kType)) CHECK(AddCdrom(*d, *slot, devices, volumes, spec));
        if (auto* nic = d.As<vim::VirtualEthernetCard>()) AddNic(*nic, spec);
    }
    AddBootOrder(config, spec);
    if (folder.empty()) return spec;                     // an imagined VM
    CHECK(AddBootFiles(config, volumes, spec));
    std::string stem =
        DatastorePath::Parse(config.files->vm_path_name.value_or("[x] vm.vmx"))->WithSuffix(".vmx", "").Name();
    if (spec.efi) spec.nvram = base::Cat(folder, "/", stem, ".nvram");
    spec.log = folder + "/qemu.log";
    spec.serial_log = folder + "/serial.log";
    auto* serial = dynamic_cast<const vim::VirtualSerialPort*>(FindDevice(devices, kSerialKey));
    auto* file = serial ? serial->backing.As<vim::VirtualSerialPortFileBackingInfo>() : nullptr;
    if (!file) return spec;
    auto located = Locate(volumes, file->file_name);
    if (!located) return std::move(located).error();
    if (!StaysWithin(located->volume.folder, located->Absolute()))
        return vim::Fault(vim::InvalidDatastorePath({}, file->file_name, file->file_name),
                          base::Cat(file->file_name, " leads out of its datastore"));
    spec.serial_log = located->Absolute();
    return spec;
}

}  // namespace vm
