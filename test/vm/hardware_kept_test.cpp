// Ports, cards, the order of boot and the hardware version: kept, given to the machine, and told.
#include "test/vm/hardware.h"
#include "vm/service_uri.h"

namespace vm {
namespace {

TEST_F(HardwareTest, KeepsEveryKindOfPortAndCardOverARestart) {
    Spec spec =
        Change({Add(SerialTo("telnet://127.0.0.1:2001", "server")),
                Add(SerialTo("ACME.web", "client", "telnet://10.0.0.1:13370")),
                Add(A<vim::VirtualSerialPort>([](vim::VirtualSerialPort& port) {
                    vim::VirtualSerialPortPipeBackingInfo pipe;
                    pipe.pipe_name = "com3";
                    pipe.endpoint = "client";
                    pipe.no_rx_loss = true;
                    port.backing = std::move(pipe);
                    port.yield_on_poll = true;
                })),
                Add(A<vim::VirtualParallelPort>([](vim::VirtualParallelPort& port) {
                    vim::VirtualParallelPortFileBackingInfo file;
                    file.file_name = "[datastore1] web/printed";
                    port.backing = std::move(file);
                })),
                Add(A<vim::VirtualNVMEController>([](vim::VirtualNVMEController& c) { c.key = -77; })),
                Add(Disk(1024, -77), true), Add(A<vim::VirtualTPM>()), Add(A<vim::VirtualUSBXHCIController>())});
    spec.version = "vmx-19";
    spec.firmware = "efi";
    spec.boot_options.Mut().efi_secure_boot_enabled = true;
    spec.boot_options.Mut().network_boot_protocol = "ipv6";
    spec.latency_sensitivity.Mut().level = vim::LatencySensitivitySensitivityLevel::kHigh;
    spec.memory_allocation.Mut().reservation = 256;      // all that it has
    spec.cpu_affinity.Mut().affinity_set = {0};
    MustReconfig(spec);
    auto before = Get(vm).config;
    Restart();
    auto after = Get(vm).config;
    EXPECT_TRUE(before->hardware->device == after->hardware->device);
    EXPECT_TRUE(before->boot_options == after->boot_options);
    EXPECT_EQ(after->latency_sensitivity->level, vim::LatencySensitivitySensitivityLevel::kHigh);
    ASSERT_TRUE(after->cpu_affinity);
    ASSERT_TRUE(Dev(32000)) << "the disk hangs on the new controller";
    EXPECT_EQ(Dev(11000)->device_info->label, "Virtual TPM");

    ASSERT_TRUE(PowerOn(vm));
    const auto& s = Running();
    using Kind = backend::PortSpec::Kind;
    ASSERT_EQ(s.hardware.ports.size(), 4u);
    EXPECT_EQ(
        s.hardware.ports[0],
        (backend::PortSpec{.key = 9000, .kind = Kind::kListen, .host = "127.0.0.1", .port = 2001, .telnet = true}));
    EXPECT_EQ(
        s.hardware.ports[1],
        (backend::PortSpec{.key = 9001, .kind = Kind::kConnect, .host = "10.0.0.1", .port = 13370, .telnet = true}));
    EXPECT_EQ(s.hardware.ports[2], (backend::PortSpec{.key = 9002, .kind = Kind::kPipeClient, .where = "com3"}));
    EXPECT_EQ(s.hardware.ports[3],
              (backend::PortSpec{.key = 10000, .kind = Kind::kFile, .where = File("web/printed")}));
    EXPECT_EQ(s.serial_log, "");
    EXPECT_EQ(s.hardware.tpm, File("web/web.tpm"));
    EXPECT_TRUE(s.boot.secure && s.hardware.xhci && s.hardware.low_latency && s.hardware.lock_memory);
    EXPECT_EQ(s.hardware.affinity, std::vector<int>{0});
}

TEST_F(HardwareTest, IsNotSuspendedWithNvme) {
    MustReconfig(Change({Add(A<vim::VirtualNVMEController>())}));
    ASSERT_TRUE(PowerOn(vm));
    auto suspended = Suspend(vm);
    ASSERT_FALSE(suspended);
    EXPECT_NE(suspended.error().message().find("NVMe"), std::string::npos) << suspended.error().message();
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOn);
}

TEST_F(HardwareTest, BootsInTheOrderThatWasAsked) {
    MustReconfig(Change({Add(Disk(1024, 1000), true), Add(Nic())}));
    vim::VirtualMachineBootOptionsBootableEthernetDevice nic;
    nic.device_key = 4001;
    vim::VirtualMachineBootOptionsBootableDiskDevice disk;
    disk.device_key = 2001;
    Spec spec;
    spec.boot_options.Mut().boot_order = {nic, disk};
    spec.boot_options.Mut().enter_bios_setup = true;
    spec.boot_options.Mut().boot_retry_enabled = true;
    MustReconfig(spec);
    ASSERT_TRUE(PowerOn(vm));
    std::vector<std::string> order = {"ethernet:4001", "disk:2001", "floppy", "disk", "cdrom", "ethernet"};
    EXPECT_EQ(Running().boot.order, order);
    EXPECT_EQ(Running().boot.retry_ms, 10000);
    EXPECT_TRUE(Running().boot.setup_once);
    EXPECT_FALSE(Get(vm).config->boot_options->enter_bios_setup.value_or(true)) << "once";
}

TEST_F(HardwareTest, IsUpgraded) {
    auto up = [&](std::optional<std::string> to) {
        auto call = On<vim::call::UpgradeVM>(vm);
        call.version = std::move(to);
        return life->Do(vms().reconfigure.Upgrade(std::move(call), "root"));
    };
    ASSERT_TRUE(up("vmx-19"));
    EXPECT_EQ(Get(vm).config->version, "vmx-19");
    EXPECT_TRUE(life->events.Heard(vim::VmUpgradeCompleteEvent::kType));
    auto again = up("vmx-13");
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().As<vim::AlreadyUpgraded>());
    ASSERT_TRUE(up(std::nullopt));
    EXPECT_EQ(Get(vm).config->version, "vmx-21");
    EXPECT_FALSE(up("vmx-99"));
    ASSERT_TRUE(PowerOn(vm));
    auto running = up("vmx-21");
    ASSERT_FALSE(running);
    EXPECT_TRUE(running.error().As<vim::InvalidPowerState>());
}

TEST(ServiceUri, SaysWhereOrWhyNot) {
    struct Good {
        const char* text;
        const char* host;
        int port;
        bool telnet;
    };
    for (const Good& g :
         {Good{"telnet://:2001", "", 2001, true}, Good{"tcp://a.example:1", "a.example", 1, false},
          Good{"[fe80::1%eth0]:65535", "fe80::1%eth0", 65535, false}, Good{"localhost:0", "localhost", 0, false},
          Good{"telnet://10.0.0.1:23#x", "10.0.0.1", 23, true}}) {
        auto uri = ParseServiceUri(g.text);
        ASSERT_TRUE(uri) << uri.error().message;
        EXPECT_EQ(uri->host, g.host);
        EXPECT_EQ(uri->port, g.port);
        EXPECT_EQ(uri->telnet, g.telnet);
    }
    for (const char* bad :
         {"", "a", "a:", "a:-1", "a:65536", "a:x", "http://a:1", "telnets://a:1", "a,b:1", "::1:2", "tcp://a b:1"})
        EXPECT_FALSE(ParseServiceUri(bad)) << bad;
}

}  // namespace
}  // namespace vm
