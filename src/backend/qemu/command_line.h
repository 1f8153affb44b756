// The one place where a VM becomes words for QEMU. A pure function: same spec, same
// words (test/golden/qemu holds them).
//
// QEMU gets no path to open but those of its own package: files of the VM are opened by
// hostd and handed over as descriptors, so that QEMU can run as a user who may read
// nothing. PCI addresses follow from device keys: adding a device moves no other.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "backend/hypervisor.h"

namespace backend::qemu {

// Descriptors that every QEMU gets. kMarkFd is a file of the run directory: by it a
// QEMU is recognised as this VM's.
constexpr int kMarkFd = 3, kMonitorFd = 4, kAgentFd = 5, kFirstFileFd = 6;

struct PassedFile {
    enum class Use {
        kRead,
        kReadWrite,
        kAppend,
        kReopen,                     // QEMU opens it again by /proc/self/fd: must be readable for its user
        kListen,                     // a TCP socket; `path` is "host port"
        kListenHere,                 // a unix socket; `path` is a name in the run directory
        kPipeServer,
        kPipeClient,    // a unix socket of this host by that name
        kTpm,                        // the other end is a TPM with its state in `path`
    };
    int as = 0;
    std::string path;
    Use use = Use::kRead;
    bool direct = false;                         // QEMU wants one that was opened so
    bool operator==(const PassedFile&) const = default;
};

// What the words depend on besides the VM.
struct Engine {
    std::string program = "qemu-system-x86_64";
    std::string accelerator = "tcg";             // or "kvm"
    std::string firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd";   // for EFI
    std::string secure_firmware = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd";
    std::set<int> direct;                        // keys of disks whose file system can bypass the page cache
};

// The descriptor sets of a drive have numbers of their own, so that they go when it goes.
constexpr int kSetsPerDisk = 100;
constexpr int FirstSetOf(int disk_key) { return disk_key * kSetsPerDisk; }

struct CommandLine {
    std::vector<std::string> argv;
    std::vector<PassedFile> files;
};

// `state` is a file of Suspend() to go on from, or "". kInvalid names the device and
// what is wrong with it.
base::Result<CommandLine> MakeCommandLine(const VmSpec& spec, const Engine& engine, const std::string& state);
// The words of one part alone, for a VM that runs with the rest. Files are to be added to
// the sets by the number that each has here.
base::Result<CommandLine> MakePart(const VmSpec& spec, const Engine& engine, const Part& part);
// "driver,id=x,unit=1" as the JSON that QMP takes; `first` names what stands first.
std::string AsJson(std::string_view words, std::string_view first);

}  // namespace backend::qemu
