#include "host/default_devices.h"

#include "base/text.h"
#include "vim/gen/all.h"

namespace host {
namespace {

template <class D> D Device(std::int32_t key, std::string_view label, std::string_view summary) {
    D d;
    d.key = key;
    d.device_info.Mut().label = label;
    d.device_info.Mut().summary = summary;
    return d;
}

template <class C>
C Controller(std::int32_t key, std::string_view label, int bus, std::vector<std::int32_t> devices = {}) {
    C c = Device<C>(key, label, label);
    c.bus_number = bus;
    c.device = std::move(devices);
    return c;
}

template <class D> D Child(D device, std::int32_t controller, std::int32_t unit) {
    device.controller_key = controller;
    device.unit_number = unit;
    return device;
}

}  // namespace

std::vector<vim::Ptr<vim::VirtualDevice>> DefaultDevices() {
    auto mouse = Child(Device<vim::VirtualPointingDevice>(700, "Pointing device", "Pointing device; Device"), 300, 1);
    vim::VirtualPointingDeviceDeviceBackingInfo backing;
    backing.use_auto_detect = false;
    backing.host_pointing_device = "autodetect";
    mouse.backing = std::move(backing);
    auto video = Child(Device<vim::VirtualMachineVideoCard>(500, "Video card", "Video card"), 100, 0);
    video.video_ram_size_in_kb = 4096;
    video.num_displays = 1;
    video.use_auto_detect = false;
    video.enable3_d_support = false;
    video.use3d_renderer = "automatic";
    video.graphics_memory_size_in_kb = 262144;
    return {Controller<vim::VirtualIDEController>(200, "IDE 0", 0),
            Controller<vim::VirtualIDEController>(201, "IDE 1", 1),
            Controller<vim::VirtualPS2Controller>(300, "PS2 controller 0", 0, {600, 700}),
            Controller<vim::VirtualPCIController>(100, "PCI controller 0", 0, {500}),
            Controller<vim::VirtualSIOController>(400, "SIO controller 0", 0),
            Child(Device<vim::VirtualKeyboard>(600, "Keyboard", "Keyboard"), 300, 0),
            std::move(mouse),
            std::move(video)};
}

}  // namespace host
