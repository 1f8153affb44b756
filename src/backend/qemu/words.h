// Words of a command line and the files that go with them, while they are collected.
// Used by the .cpp files that make it; everybody else sees command_line.h.
#pragma once

#include "backend/qemu/command_line.h"
#include "base/text.h"

namespace backend::qemu {

// In QEMU's "a=b,c=d" a comma is written twice.
std::string Escape(std::string_view text);

struct Words {
    explicit Words(const VmSpec& s, const Engine& e) : spec(s), engine(e) {}

    const VmSpec& spec;
    const Engine& engine;
    CommandLine line;
    int next_fd = kFirstFileFd;
    int next_set = 0;                            // 0: sets are numbered as their descriptors
    std::set<std::string> places;                // bus:unit and slots in use

    bool q35() const;
    static constexpr std::string_view pci() { return "pci.0"; }      // takes devices while the VM runs
    void Add(std::string option, std::string value) {
        line.argv.push_back(std::move(option));
        line.argv.push_back(std::move(value));
    }
    template <class... P> void Device(const P&... pieces) { Add("-device", base::Cat(pieces...)); }

    int Pass(std::string path, PassedFile::Use use, bool direct = false) {
        line.files.push_back({next_fd, std::move(path), use, direct});
        return next_fd++;
    }
    // The name by which QEMU opens a file of ours.
    std::string PassAsSet(std::string path, PassedFile::Use use, bool direct = false) {
        int fd = Pass(std::move(path), use, direct);
        int set = next_set ? next_set++ : fd;
        Add("-add-fd", base::Cat("fd=", fd, ",set=", set));
        return base::Cat("/dev/fdset/", set);
    }
    // "" when it is not to be booted from; else ",bootindex=N".
    std::string BootIndex(std::string_view kind, int key, int position) const;
    // Words for a part that is plugged into a running VM. The firmware of this run has its
    // order of devices already: the next start's has the new ones too.
    bool hot = false;
};

void AddBoard(Words& words);
void AddBoot(Words& words);
base::Result<> AddControllers(Words& words);
base::Result<> AddDisks(Words& words);
base::Result<> AddNics(Words& words);
base::Result<> AddPorts(Words& words);
base::Result<> AddDimms(Words& words);

// One of them alone.
base::Result<> AddController(Words& words, const ControllerSpec& controller);
base::Result<> AddDisk(Words& words, const DiskSpec& disk, int position);
base::Result<> AddNic(Words& words, const NicSpec& nic, int position);
void AddDimm(Words& words, const DimmSpec& dimm);

// The name of the serial port's socket in the run directory (RunDir::serial).
constexpr std::string_view kSerialSocket = "serial.sock";

// PCI slots by kind; see AddSlot in disks.cpp.
constexpr int kVideoSlot = 0x02, kAgentSlot = 0x03, kScsiSlot = 0x04, kVirtioSlot = 0x08, kSataSlot = 0x0c,
              kNicSlot = 0x10, kNvmeSlot = 0x1a, kXhciSlot = 0x1e;
std::string Slot(int number);                    // "0x0c"

}  // namespace backend::qemu
