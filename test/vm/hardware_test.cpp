// Hardware of a VM that runs: what comes and goes, what grows, what is refused and how.
#include "test/vm/one_host.h"
#include "vm/growth.h"
#include "vm/service_uri.h"

namespace vm {
namespace {

using Operation = vim::VirtualDeviceConfigSpecOperation;
using backend::Bus;
using backend::sim::Op;

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

TEST_F(HardwareTest, TakesAndLosesDevicesWhileItRuns) {
    ASSERT_TRUE(PowerOn(vm));
    MustReconfig(Change({Add(Scsi<vim::ParaVirtualSCSIController>(-5, 1)), Add(Disk(1024, -5), true), Add(Nic()),
                         Add(Disk(1024, 1000), true)}));
    EXPECT_TRUE(Has(2016) && Has(2001) && Has(4001));
    EXPECT_EQ(Running().hardware.controllers.back(), (backend::ControllerSpec{Bus::kPvscsi, 1}));
    EXPECT_TRUE(Dev(4001)->connectable->connected);
    EXPECT_TRUE(Exists("web/web_1-flat.vmdk"));
    Restart();
    EXPECT_TRUE(Dev(2016) && Dev(2001) && Dev(4001));
    MustReconfig(Change({Of(Operation::kRemove, Dev(4001)), Of(Operation::kRemove, Dev(2001), true),
                         Of(Operation::kRemove, Dev(1001))}));
    EXPECT_FALSE(Has(2016) || Has(2001) || Has(4001));
    EXPECT_FALSE(Dev(1001) || Dev(2016) || Dev(2001));
    EXPECT_EQ(Running().hardware.controllers.size(), 1u);
}

TEST_F(HardwareTest, IsAsBeforeWhenTheGuestKeepsADevice) {
    ASSERT_TRUE(PowerOn(vm));
    MustReconfig(Change({Add(Nic())}));
    world->script.Fails(Op::kUnplug, vm.id, base::Error{base::Code::kBusy, "the guest refuses"});
    auto done = Reconfig(vm, Change({Of(Operation::kRemove, Dev(4001)), Add(Disk(1024, 1000), true)}));
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find("the guest refuses"), std::string::npos) << done.error().message();
    EXPECT_TRUE(Dev(4001) && Has(4001));
    EXPECT_FALSE(Dev(2001) || Exists("web/web_1.vmdk"));
}

TEST_F(HardwareTest, IsAsBeforeWhenADeviceCannotBePlugged) {
    ASSERT_TRUE(PowerOn(vm));
    MustReconfig(Change({Add(Nic())}));
    std::string before = Get(vm).config->change_version;
    world->script.Fails(Op::kPlug, vm.id, base::Error{base::Code::kIo, "QEMU says no"});
    auto done = Reconfig(vm, Change({Of(Operation::kRemove, Dev(4001)), Add(Disk(1024, 1000), true)}));
    ASSERT_FALSE(done);
    EXPECT_TRUE(Has(4001)) << "what was taken away for it comes back";
    EXPECT_FALSE(Has(2001) || Exists("web/web_1.vmdk") || Exists("web/web_1-flat.vmdk"));
    Restart();
    EXPECT_TRUE(Dev(4001));
    EXPECT_FALSE(Dev(2001));
}

// hostd dies at each step of a change: the guest has what the configuration says.
TEST_F(HardwareTest, MatchesItsConfigurationWhereverHostdDies) {
    ASSERT_TRUE(PowerOn(vm));
    for (int step = 1; step < 12; ++step) {
        life->tasks->stop_at = life->tasks->steps + step;
        auto done = Reconfig(vm, Change({Add(Disk(1024, 1000), true)}));
        bool finished = bool(done);
        Restart();
        int key = Dev(2001) ? 2001 : 0;
        EXPECT_EQ(Has(2001), key != 0) << "killed at step " << step;
        EXPECT_EQ(Exists("web/web_1-flat.vmdk"), key != 0) << "killed at step " << step;
        if (key) MustReconfig(Change({Of(Operation::kRemove, Dev(2001), true)}));
        if (finished) break;
    }
}

TEST_F(HardwareTest, GrowsWhileItRunsAndIsOnePieceAfterwards) {
    Enable();
    EXPECT_EQ(Get(vm).config->hot_plug_memory_increment_size, 128);
    int start = Get(vm).config->hardware->memory_mb;
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Running().hardware.max_cpus, 16) << "of a small machine";
    EXPECT_EQ(Running().hardware.max_memory_mb, start * 16);
    for (int more : {128, 384}) {
        Spec spec;
        spec.memory_mb = start + more;
        spec.num_cp_us = 1 + more / 128;
        MustReconfig(spec);
    }
    EXPECT_EQ(Running().cpus, 4);
    std::vector<backend::DimmSpec> modules = {{0, 128}, {1, 256}};
    EXPECT_EQ(Running().hardware.dimms, modules);
    EXPECT_EQ(Get(vm).config->hot_plug_memory_limit, start * 16) << "the board stays as it was started";

    ASSERT_TRUE(Suspend(vm));
    Restart();
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Running().memory_mb, start) << "a saved state finds the memory that it was saved from";
    EXPECT_EQ(Running().hardware.dimms, modules);
    EXPECT_EQ(Running().cpus, 4);

    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Running().memory_mb, start + 384);
    EXPECT_TRUE(Running().hardware.dimms.empty());
    EXPECT_FALSE(ExtraConfig(*Get(vm).config, kModulesKey));
}

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
template <class D> Device A(std::function<void(D&)> fill = {}) {
    D d;
    d.key = -1;
    if (fill) fill(d);
    return vim::Ptr<D>(std::move(d));
}
Device SerialTo(std::string uri, std::string direction, std::string proxy = {}) {
    return A<vim::VirtualSerialPort>([&](vim::VirtualSerialPort& port) {
        vim::VirtualSerialPortURIBackingInfo backing;
        backing.service_uri = uri;
        backing.direction = direction;
        if (!proxy.empty()) backing.proxy_uri = proxy;
        port.backing = std::move(backing);
    });
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

TEST_F(HardwareTest, LimitsDisksAndMovesAdaptersWhileItRuns) {
    ASSERT_TRUE(PowerOn(vm));
    Device disk = Dev(2000);
    static_cast<vim::VirtualDisk&>(disk.Mut()).storage_io_allocation.Mut().limit = 500;
    MustReconfig(Change({Of(Operation::kEdit, disk)}));
    EXPECT_EQ(Running().disks.front().iops, 500);
    Restart();
    EXPECT_EQ(dynamic_cast<const vim::VirtualDisk&>(*Dev(2000)).storage_io_allocation->limit, 500);
    static_cast<vim::VirtualDisk&>(disk.Mut()).storage_io_allocation.Mut().limit = 0;
    EXPECT_FALSE(Reconfig(vm, Change({Of(Operation::kEdit, disk)})));
    Device nic = Dev(4000);
    nic.Mut().connectable.Mut().connected = false;
    MustReconfig(Change({Of(Operation::kEdit, nic)}));
    Spec note;
    note.annotation = "another change";
    MustReconfig(note);
    EXPECT_FALSE(Dev(4000)->connectable->connected) << "a change of something else leaves it down";
    Restart();
    EXPECT_FALSE(Dev(4000)->connectable->connected) << "as does a restart";
}

TEST_F(HardwareTest, ChangesFloppiesWhileItRuns) {
    Write("a.img", std::string(1440 * 1024, '\0'));
    auto image = [](vim::VirtualFloppy& drive) {
        vim::VirtualFloppyImageBackingInfo backing;
        backing.file_name = "[datastore1] a.img";
        drive.backing = std::move(backing);
        drive.connectable.Mut().start_connected = drive.connectable.Mut().connected = true;
    };
    MustReconfig(Change({Add(A<vim::VirtualFloppy>(image))}));
    ASSERT_TRUE(PowerOn(vm));
    auto path = [&] {
        for (const auto& d : Running().disks)
            if (d.key == 8000) return d.path;
        return std::string("no drive");
    };
    EXPECT_EQ(path(), File("a.img"));
    Device drive = Dev(8000);
    drive.Mut().connectable.Mut().connected = false;
    MustReconfig(Change({Of(Operation::kEdit, drive)}));
    EXPECT_EQ(path(), "");
    drive.Mut().connectable.Mut().connected = true;
    MustReconfig(Change({Of(Operation::kEdit, drive)}));
    EXPECT_EQ(path(), File("a.img"));
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
