// deviceChange: serial and parallel ports, the TPM, the video card.
#include "vm/device_change.h"
#include "vm/service_uri.h"

namespace vm {

// What is behind a port must be something that this host has.
vim::Result<> DeviceChange::TakePort(Device& device, int index) {
    auto bad = [&](std::string words) {
        return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index), std::move(words));
    };
    if (auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>()) {
        auto located = Locate(s_.volumes, file->file_name);
        if (!located) return std::move(located).error();
        if (located->path.path.empty()) return bad(base::Cat(file->file_name, " names no file"));
        auto& backing = static_cast<vim::VirtualDeviceFileBackingInfo&>(device.Mut().backing.Mut());
        backing.file_name = located->path.Text();
        backing.datastore = located->volume.datastore;
        return {};
    }
    if (auto* uri = device->backing.As<vim::VirtualDeviceURIBackingInfo>()) {
        if (uri->direction != "server" && uri->direction != "client")
            return bad(base::Cat("the direction is server or client, not \"", uri->direction, '"'));
        // With a concentrator the address is one that only the concentrator must understand.
        bool proxy = uri->proxy_uri && !uri->proxy_uri->empty();
        auto parsed = ParseServiceUri(proxy ? *uri->proxy_uri : uri->service_uri);
        if (!parsed) return bad(std::move(parsed).error().message);
        if ((proxy || uri->direction == "client") && parsed->host.empty())
            return bad(base::Cat('"', proxy ? *uri->proxy_uri : uri->service_uri, "\" names no host to connect to"));
        return {};
    }
    if (auto* pipe = device->backing.As<vim::VirtualDevicePipeBackingInfo>()) {
        auto* serial = device->backing.As<vim::VirtualSerialPortPipeBackingInfo>();
        if (pipe->pipe_name.empty()) return bad("a pipe needs a name");
        if (serial && serial->endpoint != "server" && serial->endpoint != "client")
            return bad(base::Cat("the end of a pipe is server or client, not \"", serial->endpoint, '"'));
        return {};
    }
    if (auto* host = device->backing.As<vim::VirtualDeviceDeviceBackingInfo>())
        return bad(base::Cat("this host gives no port of its own (\"", host->device_name,
                             "\") to virtual machines; use a file, a pipe or the network"));
    return bad("a port needs a backing: a file, a pipe or a URI");
}

vim::Result<> DeviceChange::AddPort(Device device, int index) {
    bool serial = device->type().IsA(vim::VirtualSerialPort::kType);
    CHECK(TakePort(device, index));
    return AddNumbered(std::move(device), index, serial ? kSerialKey : kParallelKey,
                       serial ? kMaxSerials : kMaxParallels, kSioKey,
                       serial ? kMaxFloppies : kMaxFloppies + kMaxSerials);
}

vim::Result<> DeviceChange::AddTpm(Device device, int index) {
    if (s_.running) return Running("adding a TPM");
    if (Find(kTpmKey)) return vim::Fault(vim::TooManyDevices(Property(index)), "a virtual machine has one TPM");
    if (change_.config.firmware != "efi") return Bad(index, "a TPM needs EFI firmware (firmware = \"efi\")");
    int wanted = device->key;
    vim::VirtualTPM tpm;
    tpm.key = kTpmKey;
    Put(vim::Ptr<vim::VirtualTPM>(std::move(tpm)), wanted);
    return {};
}

vim::Result<> DeviceChange::EditVideo(Device& now, const DeviceSpec& spec, int index) {
    auto* asked = spec.device.As<vim::VirtualMachineVideoCard>();
    auto* has = now.As<vim::VirtualMachineVideoCard>();
    if (asked->enable3_d_support.value_or(false))
        return Bad(index, "this host draws nothing in three dimensions for its guests", "device.enable3DSupport");
    if (int displays = asked->num_displays.value_or(1); displays != 1)
        return Bad(index, base::Cat("a video card of this host has 1 display, not ", displays), "device.numDisplays");
    std::int64_t kb = asked->video_ram_size_in_kb.value_or(*has->video_ram_size_in_kb);
    bool detect = asked->use_auto_detect.value_or(has->use_auto_detect.value_or(false));
    if (kb == has->video_ram_size_in_kb && detect == has->use_auto_detect) return {};
    if (s_.running) return Running("changing the video card");
    if (kb < 1024 || kb > 256 << 10)
        return Bad(index, base::Cat(kb, " KB of video memory are not possible; 1024 to ", 256 << 10, " are"),
                   "device.videoRamSizeInKB");
    auto& card = static_cast<vim::VirtualMachineVideoCard&>(now.Mut());
    card.video_ram_size_in_kb = kb;
    card.use_auto_detect = detect;
    return {};
}

}  // namespace vm
