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

}  // namespace
}  // namespace vm
