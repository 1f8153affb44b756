#include "vm/backend_spec.h"

#include "base/text.h"
#include "vm/disk_chain.h"
#include "vm/disk_files.h"
#include "vm/disk_flags.h"
#include "vm/growth.h"
#include "vm/hardware_spec.h"
#include "vm/image_file.h"

namespace vm {
namespace {

// "bedplate.scsi0.model" = "virtio": another model behind a device that the API knows.
bool IsModel(const Config& config, std::string_view word, int number, std::string_view model) {
    const std::string* value = ExtraConfig(config, base::Cat("bedplate.", word, number, ".model"));
    return value && base::EqualNoCase(*value, model);
}

backend::Bus BusOf(BusKind kind, int bus, const Config& config) {
    if (kind == BusKind::kIde) return backend::Bus::kIde;
    if (kind == BusKind::kSata) return backend::Bus::kSata;
    if (kind == BusKind::kNvme) return backend::Bus::kNvme;
    if (IsModel(config, "scsi", bus, "virtio")) return backend::Bus::kVirtio;
    const vim::VirtualDevice* controller = FindDevice(config.hardware->device, InfoOf(kind).controller_base + bus);
    std::string_view word = controller ? ScsiWord(*controller) : "";
    if (word == "pvscsi") return backend::Bus::kPvscsi;
    if (word == "buslogic") return backend::Bus::kBusLogic;
    return word == "lsisas1068" ? backend::Bus::kLsiSas : backend::Bus::kLsiLogic;
}

vim::Result<std::string> ExistingFile(const VolumeList& volumes, const std::string& datastore_path) {
    auto located = Locate(volumes, datastore_path);
    if (!located) return std::move(located).error();
    if (auto fine = CheckImage(*located); !fine) {
        vim::FileNotFound fault;
        fault.file = located->path.Text();
        return vim::Fault(std::move(fault), std::move(fine).error().message);
    }
    return located->Absolute();
}

backend::DiskSpec PlaceOf(const vim::VirtualDevice& device, const Slot& slot, const Config& config, std::string path) {
    return {.key = device.key,
            .bus = BusOf(slot.kind, slot.bus, config),
            .bus_number = slot.bus,
            .unit = slot.unit,
            .cdrom = device.type().IsA(vim::VirtualCdrom::kType),
            .path = std::move(path)};
}

vim::Result<> AddDisk(const vim::VirtualDevice& device, const Slot& slot, const Config& config,
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
    const std::string& written = facts->overlays.empty() ? facts->flat : facts->overlays.back();
    if (IsShared(written)) return vim::Fault(vim::FileLocked(backing->file_name), SharedError(written).message);
    spec.disks.push_back(PlaceOf(device, slot, config, facts->flat));
    spec.disks.back().overlays = std::move(facts->overlays);
    spec.disks.back().shared = backing->sharing == kShared;
    spec.disks.back().write_through = backing->write_through.value_or(false);
    return {};
}

vim::Result<> AddCdrom(const vim::VirtualDevice& device, const Slot& slot, const Config& config,
                       const VolumeList& volumes, backend::VmSpec& spec) {
    bool connected = false;
    std::string path = MediumOf(device, connected);
    std::string file;
    if (!path.empty() && connected) {
        auto there = ExistingFile(volumes, path);
        if (there) file = *std::move(there);
        else connected = false;      // as an empty drive, like the real one
    }
    backend::DiskSpec drive = PlaceOf(device, slot, config, std::move(file));
    drive.read_only = true;
    drive.connected = connected;
    spec.disks.push_back(std::move(drive));
    return {};
}

// The same of a floppy drive; an image that is not there is no reason not to start.
void AddFloppy(const vim::VirtualDevice& device, const VolumeList& volumes, backend::VmSpec& spec) {
    backend::DiskSpec drive{.key = device.key, .bus = backend::Bus::kFloppy, .unit = device.key - kFloppyKey};
    auto* image = device.backing.As<vim::VirtualFloppyImageBackingInfo>();
    bool connected = image && !image->file_name.empty() && (!device.connectable || device.connectable->start_connected);
    auto there = connected ? ExistingFile(volumes, image->file_name) : vim::Result<std::string>(std::string());
    if (there) drive.path = *std::move(there);
    drive.connected = !drive.path.empty();
    spec.disks.push_back(std::move(drive));
}

void AddNic(const vim::VirtualEthernetCard& nic, const Config& config, backend::VmSpec& spec) {
    std::string_view word = NicWord(nic);
    if (IsModel(config, "ethernet", nic.key - kNicKey, "virtio")) word = "virtio-net-pci";
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
    spec.memory_mb = StartMemory(config);
    spec.efi = config.firmware == "efi";
    const Devices& devices = config.hardware->device;
    for (const Device& d : devices) {
        if (auto* c = d.As<vim::VirtualController>())
            for (BusKind kind : {BusKind::kScsi, BusKind::kSata, BusKind::kNvme})
                if (c->key == InfoOf(kind).controller_base + c->bus_number)
                    spec.hardware.controllers.push_back({BusOf(kind, c->bus_number, config), c->bus_number});
        std::optional<Slot> slot = SlotOf(*d);
        if (slot && folder.empty()) {
            spec.disks.push_back(PlaceOf(*d, *slot, config, {}));
            continue;
        }
        if (slot && d->type().IsA(vim::VirtualDisk::kType)) CHECK(AddDisk(*d, *slot, config, volumes, spec));
        if (slot && d->type().IsA(vim::VirtualCdrom::kType)) CHECK(AddCdrom(*d, *slot, config, volumes, spec));
        if (d->type().IsA(vim::VirtualFloppy::kType) && !folder.empty()) AddFloppy(*d, volumes, spec);
        if (slot && !spec.disks.empty() && spec.disks.back().key == d->key) spec.disks.back().iops = IopsOf(*d);
        if (auto* nic = d.As<vim::VirtualEthernetCard>()) AddNic(*nic, config, spec);
    }
    if (folder.empty()) {                                // an imagined VM
        CHECK(AddHardware(config, {}, volumes, spec));
        return spec;
    }
    CHECK(AddBootFiles(config, volumes, spec));
    std::string stem =
        DatastorePath::Parse(config.files->vm_path_name.value_or("[x] vm.vmx"))->WithSuffix(".vmx", "").Name();
    if (spec.efi) spec.nvram = base::Cat(folder, "/", stem, ".nvram");
    spec.log = folder + "/qemu.log";
    CHECK(AddHardware(config, base::Cat(folder, "/", stem), volumes, spec));
    return spec;
}

}  // namespace vm
