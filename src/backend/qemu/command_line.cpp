#include "backend/qemu/command_line.h"

#include <algorithm>

#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

// The hardware that a guest sees stays the same whichever QEMU runs it: a guest that was
// suspended under one version goes on under the next.
constexpr std::string_view kHardware = "7.2";

constexpr std::string_view kSandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

// In QEMU's "a=b,c=d" a comma is written twice.
std::string Escape(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == ',') out += ',';
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
    return out;
}

base::Error Wrong(const VmSpec& spec, std::string words) {
    return {base::Code::kInvalid, base::Cat("virtual machine \"", spec.name, "\": ", words)};
}

base::Result<> CheckSizes(const VmSpec& s) {
    if (s.cpus < 1 || s.cores_per_socket < 1 || s.cpus % s.cores_per_socket != 0)
        return Wrong(s, base::Cat(s.cpus, " processors do not divide into sockets of ", s.cores_per_socket, " cores"));
    if (s.memory_mb < 4) return Wrong(s, base::Cat(s.memory_mb, " MB of memory are less than the least, 4 MB"));
    if (s.efi && s.nvram.empty()) return Wrong(s, "EFI firmware needs a file for its variables (nvram)");
    return {};
}

void AddIdentity(Words& w) {
    const VmSpec& s = w.spec;
    w.Add("-name", base::Cat("guest=", Escape(s.name), ",debug-threads=on"));
    if (!s.uuid.empty()) w.Add("-uuid", s.uuid);
}

void AddBoard(Words& w) {
    const VmSpec& s = w.spec;
    std::string machine = base::Cat(w.q35() ? "pc-q35-" : "pc-i440fx-", kHardware, ",dump-guest-core=off");
    if (s.efi) {
        w.Add("-blockdev", base::Cat(R"({"driver":"file","node-name":"firmware","filename":")", w.engine.firmware,
                                     R"(","read-only":true})"));
        std::string nvram = w.PassAsSet(s.nvram, PassedFile::Use::kReadWrite);
        w.Add("-blockdev", base::Cat(R"({"driver":"file","node-name":"nvram","filename":")", nvram, R"("})"));
        machine += ",pflash0=firmware,pflash1=nvram";
    }
    w.Add("-machine", machine);
    bool kvm = w.engine.accelerator == "kvm";
    w.Add("-accel", kvm ? "kvm" : "tcg,thread=multi");
    w.Add("-cpu", kvm ? "host,migratable=on" : "max");
    w.Add("-smp", base::Cat("cpus=", s.cpus, ",sockets=", s.cpus / s.cores_per_socket, ",cores=", s.cores_per_socket,
                            ",threads=1"));
    w.Add("-m", base::Cat("size=", s.memory_mb, "M"));
}

// A guest's panic is reported, and what follows is the guest's affair, as on bare metal.
void AddConduct(Words& w) {
    w.line.argv.insert(w.line.argv.end(), {"-nodefaults", "-no-user-config", "-S"});
    w.Add("-display", "none");
    w.Add("-vga", "none");
    // A VNC server that listens nowhere: hostd hands it each connection (display.cpp).
    w.Add("-vnc", "none,share=force-shared");
    w.Add("-rtc", "base=utc");
    w.Add("-boot", "strict=on");
    w.Add("-action", "panic=none");
    w.Add("-msg", "timestamp=on");
    w.Add("-sandbox", std::string(kSandbox));
}

void AddMonitor(Words& w) {
    w.Add("-chardev", base::Cat("socket,id=qmp,fd=", kMonitorFd, ",server=on,wait=off"));
    w.Add("-mon", "chardev=qmp,mode=control");
}

void AddAgent(Words& w) {
    w.Device("virtio-serial-pci,id=agent-bus,bus=", w.pci(), ",addr=", Slot(kAgentSlot));
    w.Add("-chardev", base::Cat("socket,id=agent,fd=", kAgentFd, ",server=on,wait=off"));
    w.Device("virtserialport,id=agent-port,bus=agent-bus.0,chardev=agent,name=org.qemu.guest_agent.0");
}

void AddConsole(Words& w) {
    w.Device("VGA,id=video,bus=", w.pci(), ",addr=", Slot(kVideoSlot));
    if (w.q35()) w.Device("qemu-xhci,id=usb,bus=pcie.0,addr=", Slot(kUsbSlot));
    else w.Device("piix3-usb-uhci,id=usb,bus=pci.0,addr=01.2");
    w.Device("usb-tablet,id=tablet,bus=usb.0");
    w.Device("pvpanic,id=panic");
    if (w.spec.serial_log.empty()) return;
    std::string file = w.PassAsSet(w.spec.serial_log, PassedFile::Use::kAppend);
    int socket = w.Pass(std::string(kSerialSocket), PassedFile::Use::kListen);
    w.Add("-chardev", base::Cat("socket,id=serial,fd=", socket, ",server=on,wait=off,logfile=", file, ",logappend=on"));
    w.Device("isa-serial,id=serial-9000,chardev=serial");
}

// The card counts down unless the guest's driver winds it up again. Its place is the one
// that each board leaves free.
base::Result<> AddWatchdog(Words& w) {
    const std::string& action = w.spec.watchdog;
    if (action.empty()) return {};
    static constexpr std::string_view kActions[] = {"reset", "poweroff", "pause", "none"};
    if (std::find(std::begin(kActions), std::end(kActions), action) == std::end(kActions))
        return Wrong(w.spec, base::Cat("a watchdog cannot \"", action, "\"; it can reset, poweroff, pause, none"));
    w.Device("i6300esb,id=watchdog,bus=", w.pci(), ",addr=", w.q35() ? "0x01" : "0x1f");
    w.Add("-action", base::Cat("watchdog=", action));
    return {};
}

void AddKernel(Words& w) {
    const VmSpec& s = w.spec;
    if (s.kernel.empty()) return;
    auto name = [&](const std::string& path) {
        return base::Cat("/proc/self/fd/", w.Pass(path, PassedFile::Use::kReopen));
    };
    w.Add("-kernel", name(s.kernel));
    if (!s.initrd.empty()) w.Add("-initrd", name(s.initrd));
    if (!s.command_line.empty()) w.Add("-append", s.command_line);
}

}  // namespace

bool Words::q35() const {
    return spec.efi || std::any_of(spec.disks.begin(), spec.disks.end(),
                                   [](const DiskSpec& d) { return d.bus == Bus::kSata || d.bus == Bus::kNvme; });
}

std::string Slot(int number) { return base::Cat("0x", base::Hex(std::string(1, static_cast<char>(number)))); }

// The firmware tries devices by number; 0 is a kernel that was given directly.
std::string Words::BootIndex(std::string_view kind, int position) const {
    static const std::vector<std::string> kUsual = {"floppy", "disk", "cdrom", "ethernet"};
    const auto& order = spec.boot_order.empty() ? kUsual : spec.boot_order;
    auto at = std::find(order.begin(), order.end(), kind);
    if (at == order.end()) return {};
    return base::Cat(",bootindex=", 1 + (at - order.begin()) * 100 + position);
}

base::Result<CommandLine> MakeCommandLine(const VmSpec& spec, const Engine& engine, const std::string& state) {
    CHECK(CheckSizes(spec));
    Words w(spec, engine);
    w.line.argv.push_back(engine.program);
    AddIdentity(w);
    AddBoard(w);
    AddConduct(w);
    AddMonitor(w);
    AddConsole(w);
    AddAgent(w);
    CHECK(AddWatchdog(w));
    CHECK(AddDisks(w));
    CHECK(AddNics(w));
    AddKernel(w);
    if (!state.empty()) w.Add("-incoming", base::Cat("fd:", w.Pass(state, PassedFile::Use::kRead)));
    return std::move(w.line);
}

}  // namespace backend::qemu
