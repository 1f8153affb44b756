// The board, its firmware, and what the firmware boots, as words.
#include <algorithm>

#include "backend/qemu/nodes.h"
#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

// The hardware that a guest sees stays the same whichever QEMU runs it: a guest that was
// suspended under one version goes on under the next.
constexpr std::string_view kHardware = "7.2";

void AddFirmware(Words& w, std::string& machine) {
    const VmSpec& s = w.spec;
    const std::string& code = s.boot.secure ? w.engine.secure_firmware : w.engine.firmware;
    w.Add("-blockdev",
          base::Cat(R"({"driver":"file","node-name":"firmware","filename":")", code, R"(","read-only":true})"));
    std::string nvram = w.PassAsSet(s.nvram, PassedFile::Use::kReadWrite);
    std::string node = BaseNode(kVariablesKey);
    w.Add("-blockdev", LayerOptions({.node = node, .file = nvram, .backing = {}, .writable = true}));
    machine += base::Cat(",pflash0=firmware,pflash1=", node);
    if (!s.boot.secure) return;
    machine += ",smm=on";                // so that only the firmware writes its variables
    w.Add("-global", "driver=cfi.pflash01,property=secure,value=on");
}

void AddProcessors(Words& w) {
    const VmSpec& s = w.spec;
    bool kvm = w.engine.accelerator == "kvm";
    w.Add("-accel", kvm ? "kvm" : "tcg,thread=multi");
    w.Add("-cpu", kvm ? "host,migratable=on" : "max");
    int most = std::max(s.hardware.max_cpus, s.cpus);
    w.Add("-smp", base::Cat("cpus=", s.cpus, most > s.cpus ? base::Cat(",maxcpus=", most) : std::string(),
                            ",sockets=", most / s.cores_per_socket, ",cores=", s.cores_per_socket, ",threads=1"));
    std::string keeps = s.hardware.lock_memory ? "mem-lock=on" : "";
    // An idle processor waits in the guest, not with us: faster, and it burns the real one.
    if (kvm && s.hardware.low_latency) keeps += keeps.empty() ? "cpu-pm=on" : ",cpu-pm=on";
    if (!keeps.empty()) w.Add("-overcommit", keeps);
}

constexpr int kDimmSlots = 64;

void AddMemory(Words& w) {
    const VmSpec& s = w.spec;
    std::string more;
    if (s.hardware.max_memory_mb > s.memory_mb)
        more = base::Cat(",slots=", kDimmSlots, ",maxmem=", s.hardware.max_memory_mb, "M");
    w.Add("-m", base::Cat("size=", s.memory_mb, "M", more));
}

// The time in which the firmware shows how to stop it. SeaBIOS and OVMF read the same word.
int Wait(const VmSpec& s) {
    constexpr int kLongest = 65535, kForSetup = 60000;   // a word of 16 bits
    bool setup = s.boot.setup_once && !s.efi;            // with EFI a variable asks for it
    return std::clamp(setup ? std::max(kForSetup, s.boot.delay_ms) : s.boot.delay_ms, 0, kLongest);
}

}  // namespace

void AddBoard(Words& w) {
    const VmSpec& s = w.spec;
    std::string machine = base::Cat(w.q35() ? "pc-q35-" : "pc-i440fx-", kHardware, ",dump-guest-core=off");
    if (s.efi) AddFirmware(w, machine);
    w.Add("-machine", machine);
    AddProcessors(w);
    AddMemory(w);
    // The same bus by the same name on both boards.
    if (w.q35()) w.Device("pcie-pci-bridge,id=pci.0,bus=pcie.0,addr=0x1d");
}

void AddBoot(Words& w) {
    const BootSpec& b = w.spec.boot;
    std::string words = "strict=on";
    if (int wait = Wait(w.spec)) words += base::Cat(",menu=on,splash-time=", wait);
    if (b.retry_ms > 0) words += base::Cat(",reboot-timeout=", std::min(b.retry_ms, 65535));
    w.Add("-boot", words);
    if (w.spec.efi && (b.protocol == "ipv4" || b.protocol == "ipv6"))
        w.Add("-fw_cfg",
              base::Cat("name=opt/org.tianocore/IPv", b.protocol == "ipv4" ? '6' : '4', "PXESupport,string=n"));
    if (w.spec.hardware.tpm.empty()) return;
    w.Add("-chardev", base::Cat("socket,id=tpm,fd=", w.Pass(w.spec.hardware.tpm, PassedFile::Use::kTpm)));
    w.Add("-tpmdev", "emulator,id=tpm,chardev=tpm");
    w.Device("tpm-crb,id=dev-11000,tpmdev=tpm");
}

// The firmware tries devices by number; 0 is a kernel that was given directly.
std::string Words::BootIndex(std::string_view kind, int key, int position) const {
    static const std::vector<std::string> kUsual = {"floppy", "disk", "cdrom", "ethernet"};
    const auto& order = spec.boot.order.empty() ? kUsual : spec.boot.order;
    auto at = std::find(order.begin(), order.end(), base::Cat(kind, ':', key));
    if (at != order.end()) position = 0;
    else at = std::find(order.begin(), order.end(), kind);
    if (at == order.end()) return {};
    return base::Cat(",bootindex=", 1 + (at - order.begin()) * 100 + position);
}

void AddDimm(Words& w, const DimmSpec& dimm) {
    w.Add("-object", base::Cat("memory-backend-ram,id=mem-", dimm.slot, ",size=", dimm.mb << 20));
    w.Device("pc-dimm,id=dimm-", dimm.slot, ",memdev=mem-", dimm.slot, ",slot=", dimm.slot);
}

base::Result<> AddDimms(Words& w) {
    for (const DimmSpec& dimm : w.spec.hardware.dimms) {
        bool place = dimm.slot >= 0 && dimm.slot < kDimmSlots && w.places.insert(base::Cat("dimm ", dimm.slot)).second;
        if (!place || dimm.mb < 1)
            return base::Error{base::Code::kInvalid, base::Cat("memory module ", dimm.slot, " has no place")};
        AddDimm(w, dimm);
    }
    return {};
}

}  // namespace backend::qemu
