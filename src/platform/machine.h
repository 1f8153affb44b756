// What this machine is: processors, memory, boards and names, as plain values.
//
// ReadMachine() asks /proc and /sys (below any root, so that a recorded machine can be
// read in a test); SimMachine() gives the fixed machine of --sim. What the kernel does
// not say stays empty or zero: the caller decides what to show then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace platform {

struct Board {                        // DMI; "" where the firmware says nothing useful
    std::string vendor, model, serial, uuid, asset_tag;
    std::string bios_vendor, bios_version;
    base::Time bios_date{};           // epoch: unknown
};

struct CpuPackage {
    int index = 0;
    std::vector<int> threads;         // logical processors, ascending
    int cores = 0;
};

struct CpuidLevel {                   // the answer to CPUID with this value in EAX
    std::uint32_t level = 0, eax = 0, ebx = 0, ecx = 0, edx = 0;
};

struct Cpu {
    std::string vendor;               // "GenuineIntel", "AuthenticAMD"
    std::string model;                // "Intel(R) Xeon(R) CPU E5-2640 v3 @ 2.60GHz"
    int family = 0, model_number = 0, stepping = 0;
    std::int64_t hz = 0;              // nominal
    std::vector<CpuPackage> packages; // never empty
    int cores = 0, threads = 0;       // of all packages; never 0
    bool virtualised = false;         // we are a guest ourselves
    bool hardware_virtualisation = false;   // vmx or svm
    std::vector<CpuidLevel> cpuid;    // empty for a recorded machine
};

struct NumaNode {
    int id = 0;
    std::vector<int> threads;
    std::int64_t memory_bytes = 0;
};

struct PciDevice {
    std::string id;                   // "0000:00:03.0"
    int bus = 0, slot = 0, function = 0;
    std::uint32_t class_code = 0;     // 24 bits
    std::uint16_t vendor = 0, device = 0, sub_vendor = 0, sub_device = 0;
    std::string vendor_name, device_name;
    std::string driver;
    std::string parent;               // the bridge it hangs on, or ""
};

struct BlockDevice {
    std::string name;                 // "sda"
    std::string vendor, model, revision, serial;
    std::int64_t bytes = 0;
    int block_size = 512;
    bool removable = false, read_only = false, cdrom = false, rotational = false;
    std::string pci;                  // of its controller, or ""
    std::string driver;
};

struct Nic {
    std::string name;                 // "eth0"
    std::string mac;
    std::string driver;
    std::string pci;
    bool physical = false;            // a device stands behind it
    bool link = false;
    int speed_mb = 0;                 // 0: unknown
    bool full_duplex = true;
    int mtu = 1500;
};

struct MachineFacts {
    Board board;
    Cpu cpu;
    std::vector<NumaNode> numa;       // never empty
    std::int64_t memory_bytes = 0;
    base::Time boot_time{};
    std::vector<PciDevice> pci;
    std::vector<BlockDevice> disks;
    std::vector<Nic> nics;
    std::string kernel;               // "6.1.0-28-amd64"
    std::string os_name;              // "Debian GNU/Linux 12 (bookworm)"
};

// Reads the machine whose /proc and /sys lie below `root`. Reads files: a few
// milliseconds, at start and when somebody asks for a rescan.
MachineFacts ReadMachine(const std::string& root = "/");

// A fixed two-socket server for --sim and for tests.
MachineFacts SimMachine();

}  // namespace platform
