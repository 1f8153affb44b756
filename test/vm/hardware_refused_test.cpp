// Changes of hardware that are refused: while a VM runs, and always.
#include "test/vm/hardware.h"

namespace vm {
namespace {

struct Row {
    const char* name;
    std::function<Spec(HardwareTest&)> spec;
    const vim::Type* fault;
};
struct WhileRunning : HardwareTest, testing::WithParamInterface<Row> {};
TEST_P(WhileRunning, IsRefused) {
    MustReconfig(Change({Add(Cdrom())}));
    if (std::string_view(GetParam().name).ends_with("_enabled")) Enable();
    ASSERT_TRUE(PowerOn(vm));
    auto done = Reconfig(vm, GetParam().spec(*this));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().detail().type().name, GetParam().fault->name) << done.error().message();
}
template <class Fn> Spec Made(Fn fill) {
    Spec s;
    fill(s);
    return s;
}
using T = HardwareTest;
INSTANTIATE_TEST_SUITE_P(
    , WhileRunning,
    testing::Values(
        Row{"memory", [](T&) { return Made([](Spec& s) { s.memory_mb = 512; }); },
            &vim::MemoryHotPlugNotSupported::kType},
        Row{"less_memory_enabled", [](T&) { return Made([](Spec& s) { s.memory_mb = 64; }); },
            &vim::MemoryHotPlugNotSupported::kType},
        Row{"odd_memory_enabled",
            [](T& t) { return Made([&](Spec& s) { s.memory_mb = t.Get(t.vm).config->hardware->memory_mb + 4; }); },
            &vim::MemoryHotPlugNotSupported::kType},
        Row{"too_much_memory_enabled", [](T&) { return Made([](Spec& s) { s.memory_mb = 128 * 1024; }); },
            &vim::MemoryHotPlugNotSupported::kType},
        Row{"cpus", [](T&) { return Made([](Spec& s) { s.num_cp_us = 2; }); }, &vim::CpuHotPlugNotSupported::kType},
        Row{"switch_it_on", [](T&) { return Made([](Spec& s) { s.cpu_hot_add_enabled = true; }); },
            &vim::InvalidPowerState::kType},
        Row{"uuid", [](T&) { return Made([](Spec& s) { s.uuid = "564d1111-2222-3333-4444-555555555555"; }); },
            &vim::InvalidPowerState::kType},
        Row{"secure_boot",
            [](T&) { return Made([](Spec& s) { s.boot_options.Mut().efi_secure_boot_enabled = true; }); },
            &vim::InvalidPowerState::kType},
        Row{"model",
            [](T&) {
                return Made([](Spec& s) {
                    vim::OptionValue o;
                    o.key = "bedplate.scsi0.model";
                    o.value = std::string("virtio");
                    s.extra_config = {o};
                });
            },
            &vim::InvalidPowerState::kType},
        Row{"add_cdrom", [](T& t) { return t.Change({T::Add(T::Cdrom())}); }, &vim::DeviceHotPlugNotSupported::kType},
        Row{"remove_cdrom", [](T& t) { return t.Change({T::Of(Operation::kRemove, t.Dev(3002))}); },
            &vim::DeviceHotPlugNotSupported::kType},
        Row{"tpm", [](T& t) { return t.Change({T::Add(Device(vim::Ptr<vim::VirtualTPM>(vim::VirtualTPM())))}); },
            &vim::DeviceUnsupportedForVmVersion::kType}),
    [](const auto& i) { return i.param.name; });

// What this host does not give at all, with the power off.
struct Never : HardwareTest, testing::WithParamInterface<std::pair<const char*, Device>> {};
TEST_P(Never, IsRefusedInClearWords) {
    auto done = Reconfig(vm, Change({Add(GetParam().second)}));
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find(GetParam().first), std::string::npos) << done.error().message();
}
Device SerialOfHost() {
    return A<vim::VirtualSerialPort>([](vim::VirtualSerialPort& port) {
        vim::VirtualSerialPortDeviceBackingInfo backing;
        backing.device_name = "/dev/ttyS0";
        port.backing = std::move(backing);
    });
}
INSTANTIATE_TEST_SUITE_P(, Never,
                         testing::Values(std::pair("BusLogic", A<vim::VirtualBusLogicController>()),
                                         std::pair("PCI devices", A<vim::VirtualPCIPassthrough>()),
                                         std::pair("USB devices", A<vim::VirtualUSB>()),
                                         std::pair("sound", A<vim::VirtualSoundBlaster16>()),
                                         std::pair("needs hardware version vmx-14", A<vim::VirtualTPM>()),
                                         std::pair("no port of its own", SerialOfHost()),
                                         std::pair("encrypted", SerialTo("telnets://a:1", "client")),
                                         std::pair("port is missing", SerialTo("telnet://a", "client")),
                                         std::pair("no host to connect", SerialTo("telnet://:1", "client")),
                                         std::pair("server or client", SerialTo("telnet://:1", "sideways"))));

// What cannot be changed is not answered with success; the words name it.
TEST_F(HardwareTest, RefusesWhatItWouldIgnore) {
    auto refused = [&](Spec spec) -> std::string {
        auto done = Reconfig(vm, std::move(spec));
        if (done) return std::string("taken");
        auto* device = done.error().As<vim::InvalidDeviceSpec>();
        auto* argument = done.error().As<vim::InvalidArgument>();
        return device     ? device->property.value_or("")
               : argument ? argument->invalid_property.value_or("")
                          : done.error().message();
    };
    auto edit = [&](int key, auto fill) {
        Device device = Dev(key);
        fill(device.Mut());
        return refused(Change({Of(Operation::kEdit, device)}));
    };
    const std::string start = "configSpec.deviceChange[0].device";
    EXPECT_EQ(edit(1000, [](auto& d) { static_cast<vim::VirtualController&>(d).bus_number = 2; }),
              start + ".busNumber");
    using Video = vim::VirtualMachineVideoCard;
    EXPECT_EQ(edit(500, [](auto& d) { static_cast<Video&>(d).enable3_d_support = true; }), start + ".enable3DSupport");
    EXPECT_EQ(edit(500, [](auto& d) { static_cast<Video&>(d).num_displays = 2; }), start + ".numDisplays");
    EXPECT_EQ(refused(Made([](Spec& s) { s.swap_placement = "hostLocal"; })), "configSpec.swapPlacement");
    EXPECT_EQ(refused(Made([](Spec& s) { s.tools.Mut().tools_upgrade_policy = "never"; })),
              "configSpec.tools.toolsUpgradePolicy");
    EXPECT_EQ(refused(Made([](Spec& s) { s.power_op_info.Mut().reset_type = "firm"; })),
              "configSpec.powerOpInfo.resetType");
}

TEST_F(HardwareTest, ConnectsNoPortWhileItRuns) {
    MustReconfig(Change({Add(SerialTo("telnet://:7001", "server"))}));
    ASSERT_TRUE(PowerOn(vm));
    Device port = Dev(kSerialKey);
    MustReconfig(Change({Of(Operation::kEdit, port)}));
    port.Mut().connectable.Mut().connected = !port->connectable->connected;
    auto done = Reconfig(vm, Change({Of(Operation::kEdit, port)}));
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().As<vim::InvalidPowerState>());
}

}  // namespace
}  // namespace vm
