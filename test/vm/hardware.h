// A VM whose hardware is changed.
#pragma once

#include "test/vm/one_host.h"

namespace vm {

using Operation = vim::VirtualDeviceConfigSpecOperation;

struct HardwareTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));
    Device Dev(int key) {
        for (const Device& d : Get(vm).config->hardware->device)
            if (d->key == key) return d;
        return {};
    }
    static vim::Ptr<vim::VirtualDeviceConfigSpec> Of(Operation operation, Device device, bool destroy = false) {
        vim::VirtualDeviceConfigSpec spec;
        spec.operation = operation;
        if (destroy) spec.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kDestroy;
        spec.device = std::move(device);
        return spec;
    }
    static Spec Change(std::vector<vim::Ptr<vim::VirtualDeviceConfigSpec>> devices) {
        Spec spec;
        spec.device_change = std::move(devices);
        return spec;
    }
    const backend::VmSpec& Running() { return world->Find(vm.id)->spec; }
    bool Has(int key) {
        for (const auto& d : Running().disks)
            if (d.key == key) return true;
        for (const auto& n : Running().nics)
            if (n.key == key) return true;
        return false;
    }
    void MustReconfig(const Spec& spec) {
        auto done = Reconfig(vm, spec);
        ASSERT_TRUE(done) << done.error().message();
    }
    template <class C> static Device Scsi(int key, int bus) {
        C c;
        c.key = key;
        c.bus_number = bus;
        c.shared_bus = vim::VirtualSCSISharing::kNoSharing;
        return vim::Ptr<C>(std::move(c));
    }
    void Enable() {
        Spec spec;
        spec.cpu_hot_add_enabled = spec.memory_hot_add_enabled = true;
        MustReconfig(spec);
    }
};

// A device of that kind, to be added.
template <class D> Device A(std::function<void(D&)> fill = {}) {
    D d;
    d.key = -1;
    if (fill) fill(d);
    return vim::Ptr<D>(std::move(d));
}

// A serial port on the network.
inline Device SerialTo(std::string uri, std::string direction, std::string proxy = {}) {
    return A<vim::VirtualSerialPort>([&](vim::VirtualSerialPort& port) {
        vim::VirtualSerialPortURIBackingInfo backing;
        backing.service_uri = uri;
        backing.direction = direction;
        if (!proxy.empty()) backing.proxy_uri = proxy;
        port.backing = std::move(backing);
    });
}

}  // namespace vm
