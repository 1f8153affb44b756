#include "vm/hardware_spec.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "vim/gen/storage.h"
#include "vm/growth.h"
#include "vm/service_uri.h"

namespace vm {
namespace {

using Kind = backend::PortSpec::Kind;

// What is listed comes first; after it the firmware goes on with the rest, as it would
// without a list.
void AddBootOrder(const vim::VirtualMachineBootOptions& boot, std::vector<std::string>& order) {
    for (const auto& b : boot.boot_order) {
        if (b.As<vim::VirtualMachineBootOptionsBootableCdromDevice>()) order.emplace_back("cdrom");
        if (b.As<vim::VirtualMachineBootOptionsBootableFloppyDevice>()) order.emplace_back("floppy");
        if (auto* disk = b.As<vim::VirtualMachineBootOptionsBootableDiskDevice>())
            order.push_back(base::Cat("disk:", disk->device_key));
        if (auto* nic = b.As<vim::VirtualMachineBootOptionsBootableEthernetDevice>())
            order.push_back(base::Cat("ethernet:", nic->device_key));
    }
    if (order.empty()) return;
    for (const char* rest : {"floppy", "disk", "cdrom", "ethernet"})
        if (std::find(order.begin(), order.end(), rest) == order.end()) order.emplace_back(rest);
}

void AddBoot(const Config& config, backend::VmSpec& spec) {
    if (!config.boot_options) return;
    const vim::VirtualMachineBootOptions& b = *config.boot_options;
    AddBootOrder(b, spec.boot.order);
    spec.boot.delay_ms = static_cast<int>(std::clamp<std::int64_t>(b.boot_delay.value_or(0), 0, 65535));
    if (b.boot_retry_enabled.value_or(false))
        spec.boot.retry_ms = static_cast<int>(std::clamp<std::int64_t>(b.boot_retry_delay.value_or(10000), 1, 65535));
    spec.boot.setup_once = b.enter_bios_setup.value_or(false);
    spec.boot.secure = spec.efi && b.efi_secure_boot_enabled.value_or(false);
    if (b.network_boot_protocol == "ipv6") spec.boot.protocol = "ipv6";
}

vim::Result<std::string> FileOf(const std::string& name, const VolumeList& volumes) {
    auto located = Locate(volumes, name);
    if (!located) return std::move(located).error();
    if (!StaysWithin(located->volume.folder, located->Absolute()))
        return vim::Fault(vim::InvalidDatastorePath({}, name, name), base::Cat(name, " leads out of its datastore"));
    return located->Absolute();
}

// A port whose other end this host does not have is there, and nothing is behind it: the
// guest starts without, as one does whose cable is not plugged in.
vim::Result<backend::PortSpec> PortOf(const vim::VirtualDevice& device, const VolumeList& volumes) {
    backend::PortSpec port{.key = device.key};
    if (device.connectable && !device.connectable->start_connected) return port;
    if (auto* file = device.backing.As<vim::VirtualDeviceFileBackingInfo>()) {
        TRY(path, FileOf(file->file_name, volumes));
        port.kind = Kind::kFile;
        port.where = std::move(path);
    } else if (auto* pipe = device.backing.As<vim::VirtualSerialPortPipeBackingInfo>()) {
        port.kind = pipe->endpoint == "client" ? Kind::kPipeClient : Kind::kPipeServer;
        port.where = pipe->pipe_name;
    } else if (auto* uri = device.backing.As<vim::VirtualDeviceURIBackingInfo>()) {
        bool proxy = uri->proxy_uri && !uri->proxy_uri->empty();
        auto parsed = ParseServiceUri(proxy ? *uri->proxy_uri : uri->service_uri);
        if (!parsed) {
            base::LogWarning("vm",
                             base::Cat("serial port ", device.key, " stays unconnected: ", parsed.error().message));
            return port;
        }
        if (!parsed->port) return port;
        port.kind = proxy || uri->direction == "client" ? Kind::kConnect : Kind::kListen;
        port.host = parsed->host;
        port.port = parsed->port;
        port.telnet = parsed->telnet;
    }
    return port;
}

vim::Result<> AddPorts(const Devices& devices, const VolumeList& volumes, backend::VmSpec& spec) {
    for (const Device& d : devices) {
        bool port = d->type().IsA(vim::VirtualSerialPort::kType) || d->type().IsA(vim::VirtualParallelPort::kType);
        if (!port) continue;
        TRY(made, PortOf(*d, volumes));
        spec.hardware.ports.push_back(std::move(made));
    }
    return {};
}

void AddCards(const Config& config, const std::string& stem, backend::VmSpec& spec) {
    backend::HardwareSpec& h = spec.hardware;
    const Devices& devices = config.hardware->device;
    auto* usb = dynamic_cast<const vim::VirtualUSBController*>(FindDevice(devices, kUsbKey));
    h.ehci = usb && usb->ehci_enabled.value_or(false);
    h.xhci = FindDevice(devices, kXhciKey);
    auto* video = dynamic_cast<const vim::VirtualMachineVideoCard*>(FindDevice(devices, kVideoKey));
    if (video && !video->use_auto_detect.value_or(false))
        h.video_mb = static_cast<int>((video->video_ram_size_in_kb.value_or(0) + 1023) / 1024);
    const std::string* model = ExtraConfig(config, "bedplate.svga.model");
    if (model && base::EqualNoCase(*model, "vmware")) h.video = "vmware";
    if (FindDevice(devices, kTpmKey) && !stem.empty()) h.tpm = stem + ".tpm";
}

}  // namespace

std::int64_t IopsOf(const vim::VirtualDevice& device) {
    auto* disk = dynamic_cast<const vim::VirtualDisk*>(&device);
    if (!disk || !disk->storage_io_allocation) return 0;
    return std::max<std::int64_t>(0, disk->storage_io_allocation->limit.value_or(-1));
}

vim::Result<> AddHardware(const Config& config, const std::string& stem, const VolumeList& volumes,
                          backend::VmSpec& spec) {
    backend::HardwareSpec& h = spec.hardware;
    AddBoot(config, spec);
    AddCards(config, stem, spec);
    if (int most = MostCpus(config); most > spec.cpus) h.max_cpus = most;
    if (std::int64_t most = MostMemory(config); most > spec.memory_mb) h.max_memory_mb = most;
    for (std::int64_t mb : ModulesOf(config)) h.dimms.push_back({static_cast<int>(h.dimms.size()), mb});
    if (config.cpu_affinity)
        h.affinity.assign(config.cpu_affinity->affinity_set.begin(), config.cpu_affinity->affinity_set.end());
    h.low_latency = config.latency_sensitivity &&
                    config.latency_sensitivity->level == vim::LatencySensitivitySensitivityLevel::kHigh;
    // Only what admission has put aside is taken for good.
    h.lock_memory = h.low_latency && config.memory_allocation &&
                    config.memory_allocation->reservation.value_or(0) >= config.hardware->memory_mb;
    if (stem.empty()) return {};
    CHECK(AddPorts(config.hardware->device, volumes, spec));
    if (!FindDevice(config.hardware->device, kSerialKey))
        spec.serial_log = stem.substr(0, stem.rfind('/')) + "/serial.log";
    return {};
}

}  // namespace vm
