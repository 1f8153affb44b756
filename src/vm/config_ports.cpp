// Floppies, serial and parallel ports, from and to lines of a .vmx.
#include "vm/config_parts.h"

namespace vm {
namespace {

using Backing = vim::Ptr<vim::VirtualDeviceBackingInfo>;

// Null: a kind of port that we do not know (thinprint); its lines stay.
Backing ReadSerialBacking(const Source& from, const std::string& place) {
    std::string type = base::Lower(from.vmx.Get(place + ".fileType")), name = from.vmx.Get(place + ".fileName");
    bool server =
        !base::EqualNoCase(from.vmx.Get(place + (type == "pipe" ? ".pipe.endPoint" : ".network.endPoint")), "client");
    if (type == "file") return from.File<vim::VirtualSerialPortFileBackingInfo>(name);
    if (type == "pipe") {
        vim::VirtualSerialPortPipeBackingInfo pipe;
        pipe.pipe_name = name;
        pipe.endpoint = server ? "server" : "client";
        pipe.no_rx_loss = Flag(from.vmx, place + ".tryNoRxLoss", false);
        return pipe;
    }
    if (type == "network") {
        vim::VirtualSerialPortURIBackingInfo uri;
        uri.service_uri = name;
        uri.direction = server ? "server" : "client";
        if (std::string proxy = from.vmx.Get(place + ".vspc"); !proxy.empty()) uri.proxy_uri = proxy;
        return uri;
    }
    if (type != "device") return {};
    vim::VirtualSerialPortDeviceBackingInfo device;
    device.device_name = name;
    device.use_auto_detect = Flag(from.vmx, place + ".autodetect", false);
    return device;
}

void WriteSerialBacking(const vim::VirtualDevice& port, const std::string& place, const Target& to, codec::Vmx& vmx) {
    for (const char* key : {".network.endPoint", ".pipe.endPoint", ".tryNoRxLoss", ".vspc", ".autodetect"})
        vmx.Remove(place + key);
    if (auto* file = port.backing.As<vim::VirtualSerialPortFileBackingInfo>()) {
        vmx.Set(place + ".fileType", "file");
        vmx.Set(place + ".fileName", to.Name(file->file_name));
    } else if (auto* pipe = port.backing.As<vim::VirtualSerialPortPipeBackingInfo>()) {
        vmx.Set(place + ".fileType", "pipe");
        vmx.Set(place + ".fileName", pipe->pipe_name);
        vmx.Set(place + ".pipe.endPoint", pipe->endpoint);
        if (pipe->no_rx_loss.value_or(false)) vmx.SetBool(place + ".tryNoRxLoss", true);
    } else if (auto* uri = port.backing.As<vim::VirtualDeviceURIBackingInfo>()) {
        vmx.Set(place + ".fileType", "network");
        vmx.Set(place + ".fileName", uri->service_uri);
        vmx.Set(place + ".network.endPoint", uri->direction);
        if (uri->proxy_uri) vmx.Set(place + ".vspc", *uri->proxy_uri);
    } else if (auto* device = port.backing.As<vim::VirtualDeviceDeviceBackingInfo>()) {
        vmx.Set(place + ".fileType", "device");
        vmx.Set(place + ".fileName", device->device_name);
        if (device->use_auto_detect.value_or(false)) vmx.SetBool(place + ".autodetect", true);
    }
}

void ReadSerials(const Source& from, Devices& out) {
    for (int number = 0; number < kMaxSerials; ++number) {
        std::string place = base::Cat("serial", number);
        if (!Flag(from.vmx, place + ".present", false)) continue;
        Backing backing = ReadSerialBacking(from, place);
        if (!backing) continue;
        vim::VirtualSerialPort port;
        port.backing = std::move(backing);
        port.yield_on_poll = Flag(from.vmx, place + ".yieldOnMsrRead", true);
        port.connectable = ReadConnect(from.vmx, place);
        port.key = kSerialKey + number;
        port.controller_key = kSioKey;
        port.unit_number = number + kMaxFloppies;
        out.push_back(std::move(port));
    }
}

void ReadParallels(const Source& from, Devices& out) {
    for (int number = 0; number < kMaxParallels; ++number) {
        std::string place = base::Cat("parallel", number), name = from.vmx.Get(place + ".fileName");
        if (!Flag(from.vmx, place + ".present", false)) continue;
        vim::VirtualParallelPort port;
        if (base::EqualNoCase(from.vmx.Get(place + ".fileType"), "file")) {
            port.backing = from.File<vim::VirtualParallelPortFileBackingInfo>(name);
        } else {
            vim::VirtualParallelPortDeviceBackingInfo device;
            device.device_name = name;
            device.use_auto_detect = Flag(from.vmx, place + ".autodetect", false);
            port.backing = std::move(device);
        }
        port.connectable = ReadConnect(from.vmx, place);
        port.key = kParallelKey + number;
        port.controller_key = kSioKey;
        port.unit_number = kMaxFloppies + kMaxSerials + number;
        out.push_back(std::move(port));
    }
}

void WriteSerials(const Devices& devices, const Target& to, codec::Vmx& vmx) {
    static constexpr std::string_view kOurs[] = {"file", "pipe", "network", "device"};
    for (int number = 0; number < kMaxSerials; ++number) {
        std::string place = base::Cat("serial", number), type = base::Lower(vmx.Get(place + ".fileType"));
        auto* port = dynamic_cast<const vim::VirtualSerialPort*>(FindDevice(devices, kSerialKey + number));
        bool ours = std::find(std::begin(kOurs), std::end(kOurs), type) != std::end(kOurs);
        if (!port && ours) Forget(vmx, place);
        if (!port) continue;
        vmx.SetBool(place + ".present", true);
        WriteSerialBacking(*port, place, to, vmx);
        if (port->yield_on_poll) vmx.Remove(place + ".yieldOnMsrRead");
        else vmx.SetBool(place + ".yieldOnMsrRead", false);
        WriteConnect(*port, place, vmx);
    }
}

void WriteParallels(const Devices& devices, const Target& to, codec::Vmx& vmx) {
    for (int number = 0; number < kMaxParallels; ++number) {
        std::string place = base::Cat("parallel", number);
        auto* port = dynamic_cast<const vim::VirtualParallelPort*>(FindDevice(devices, kParallelKey + number));
        if (!port) {
            Forget(vmx, place);
            continue;
        }
        vmx.SetBool(place + ".present", true);
        auto* file = port->backing.As<vim::VirtualDeviceFileBackingInfo>();
        auto* device = port->backing.As<vim::VirtualDeviceDeviceBackingInfo>();
        vmx.Set(place + ".fileType", file ? "file" : "device");
        vmx.Set(place + ".fileName", file ? to.Name(file->file_name) : device ? device->device_name : "");
        WriteConnect(*port, place, vmx);
    }
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

void WriteFloppies(const Devices& devices, const Target& to, codec::Vmx& vmx) {
    for (int number = 0; number < kMaxFloppies; ++number) {
        std::string place = base::Cat("floppy", number);
        const vim::VirtualDevice* floppy = FindDevice(devices, kFloppyKey + number);
        bool listed = floppy || number == 0;             // floppy0 is there unless its line says no
        for (const codec::Vmx::Entry& line : vmx.Entries(place + "."))
            if (!floppy && !(listed && base::EqualNoCase(line.key, place + ".present"))) vmx.Remove(line.key);
        if (listed) vmx.SetBool(place + ".present", floppy);
        if (floppy) WriteFloppy(*floppy, place, to, vmx);
    }
}

void ReadPorts(const Source& from, Devices& out) {
    ReadSerials(from, out);
    ReadParallels(from, out);
}

void WritePorts(const Devices& devices, const Target& to, codec::Vmx& vmx) {
    WriteSerials(devices, to, vmx);
    WriteParallels(devices, to, vmx);
}

}  // namespace vm
