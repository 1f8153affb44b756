#include "backend/qemu/command_line.h"

#include <algorithm>

#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

constexpr std::string_view kSandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

base::Error Wrong(const VmSpec& spec, std::string words) {
    return {base::Code::kInvalid, base::Cat("virtual machine \"", spec.name, "\": ", words)};
}

base::Result<> CheckSizes(const VmSpec& s) {
    int most = s.hardware.max_cpus;
    if (most && (most < s.cpus || most % std::max(1, s.cores_per_socket)))
        return Wrong(s, base::Cat("at most ", most, " processors do not go with ", s.cpus, " in sockets of ",
                                  s.cores_per_socket, " cores"));
    if (s.boot.secure && !s.efi) return Wrong(s, "secure boot needs EFI firmware");
    if (!s.hardware.tpm.empty() && !s.efi) return Wrong(s, "a TPM needs EFI firmware");
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

// A guest's panic is reported, and what follows is the guest's affair, as on bare metal.
void AddConduct(Words& w) {
    w.line.argv.insert(w.line.argv.end(), {"-nodefaults", "-no-user-config", "-S"});
    w.Add("-display", "none");
    w.Add("-vga", "none");
    // A VNC server that listens nowhere: hostd hands it each connection (display.cpp).
    w.Add("-vnc", "none,share=force-shared");
    w.Add("-rtc", "base=utc");
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

// Powers of two only.
int VideoMegabytes(int asked) {
    int mb = 16;
    while (mb < asked && mb < 256) mb *= 2;
    return mb;
}

void AddVideo(Words& w) {
    const HardwareSpec& h = w.spec.hardware;
    std::string memory;
    if (h.video_mb > 16) memory = base::Cat(",vgamem_mb=", VideoMegabytes(h.video_mb));
    w.Device(h.video == "vmware" ? "vmware-svga" : "VGA", ",id=video,bus=", w.pci(), ",addr=", Slot(kVideoSlot),
             memory);
}

// The tablet hangs on the controller that every VM has.
void AddUsb(Words& w) {
    const HardwareSpec& h = w.spec.hardware;
    if (w.q35()) w.Device("ich9-usb-uhci1,id=usb,bus=pcie.0,addr=0x1c");
    else w.Device("piix3-usb-uhci,id=usb,bus=pci.0,addr=01.2");
    w.Device("usb-tablet,id=tablet,bus=usb.0");
    if (h.ehci) w.Device("usb-ehci,id=ehci,bus=", w.pci(), ",addr=", w.q35() ? "0x1f" : "01.7");
    if (h.xhci) w.Device("qemu-xhci,id=xhci,bus=", w.pci(), ",addr=", Slot(kXhciSlot));
}

void AddConsole(Words& w) {
    AddVideo(w);
    AddUsb(w);
    w.Device("pvpanic,id=panic");
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

// The board of the guests' old home, Intel's 440BX, takes every device that we offer, on a
// bus that lets all of them be plugged. Only secure boot needs the newer one.
bool Words::q35() const { return spec.efi && spec.boot.secure; }

// In QEMU's "a=b,c=d" a comma is written twice.
std::string Escape(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == ',') out += ',';
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
    return out;
}

std::string Slot(int number) { return base::Cat("0x", base::Hex(std::string(1, static_cast<char>(number)))); }

base::Result<CommandLine> MakeCommandLine(const VmSpec& spec, const Engine& engine, const std::string& state) {
    CHECK(CheckSizes(spec));
    Words w(spec, engine);
    w.line.argv.push_back(engine.program);
    AddIdentity(w);
    AddBoard(w);
    AddConduct(w);
    AddMonitor(w);
    AddBoot(w);
    AddConsole(w);
    CHECK(AddPorts(w));
    AddAgent(w);
    CHECK(AddWatchdog(w));
    CHECK(AddDimms(w));
    CHECK(AddControllers(w));
    CHECK(AddDisks(w));
    CHECK(AddNics(w));
    AddKernel(w);
    if (!state.empty()) w.Add("-incoming", base::Cat("fd:", w.Pass(state, PassedFile::Use::kRead)));
    return std::move(w.line);
}

}  // namespace backend::qemu
