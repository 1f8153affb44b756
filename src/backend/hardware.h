// What a VM's hardware is made of besides drives and network adapters: controllers, ports,
// memory modules, firmware and how it boots.
//
// Every device has its place by its key, never by the order in which it came: what was
// plugged into a running VM stands where the next start puts it, so that a saved state
// finds the hardware that it was saved from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace backend {

enum class Bus { kIde, kSata, kLsiLogic, kLsiSas, kBusLogic, kPvscsi, kNvme, kVirtio, kFloppy };

// There whether or not a drive hangs on it. IDE and floppy controllers are part of the board.
struct ControllerSpec {
    Bus bus = Bus::kLsiLogic;
    int number = 0;                  // LSI Logic, LSI SAS and PVSCSI number theirs together
    bool operator==(const ControllerSpec&) const = default;
};

// A serial (key 9000 and up) or parallel port (10000 and up), and what is behind it.
struct PortSpec {
    enum class Kind {
        kNothing,                    // the port is there, nothing listens
        kFile,                       // `where`: absolute path; what the guest says is appended
        kPipeServer,                 // `where`: a name; the other end is a unix socket of this host
        kPipeClient,
        kListen,                     // TCP at host:port
        kConnect,
    };
    int key = 9000;
    Kind kind = Kind::kNothing;
    std::string where, host;
    int port = 0;
    bool telnet = false;
    bool operator==(const PortSpec&) const = default;
};

// Memory that was added while the VM ran.
struct DimmSpec {
    int slot = 0;
    std::int64_t mb = 0;
    bool operator==(const DimmSpec&) const = default;
};

struct BootSpec {
    // "disk:2000", "cdrom", "ethernet:4000", "floppy": a word alone stands for all of its
    // kind. Empty: floppy, disk, cdrom, ethernet. What is not named is not booted from.
    std::vector<std::string> order;
    int delay_ms = 0;                // the firmware waits, so that somebody can stop it
    int retry_ms = 0;                // BIOS: begin anew after nothing could be booted; 0: stay
    bool setup_once = false;         // this start ends in the firmware's set-up
    bool secure = false;             // EFI: signed systems only
    std::string protocol;            // EFI: "ipv4" or "ipv6"; "": both
    bool operator==(const BootSpec&) const = default;
};

struct HardwareSpec {
    std::vector<ControllerSpec> controllers;
    std::vector<PortSpec> ports;
    bool ehci = false, xhci = false;             // USB besides the UHCI that is always there
    std::string video;               // "vmware"; "": VGA
    int video_mb = 0;                // 0: as the model has it
    std::string tpm;                 // file of the TPM's state, made when missing; "": none
    int max_cpus = 0;                // so many can be there while it runs; 0: no more than at the start
    std::int64_t max_memory_mb = 0;  // the same of memory
    std::vector<DimmSpec> dimms;     // on top of the VM's memory_mb
    std::vector<int> affinity;       // logical processors it may run on; empty: all
    bool low_latency = false;        // its processors are its own while it idles, where the machine can
    bool lock_memory = false;        // all of its memory is there from its start, and stays
    bool operator==(const HardwareSpec&) const = default;
};

}  // namespace backend
