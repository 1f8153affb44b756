// The folder of a VM on its datastore: reading it whole, and writing its .vmx.
//
// Everything here blocks, takes values and gives values: it runs on the pool.
#pragma once

#include "codec/vmsd.h"
#include "vm/config.h"

namespace vm {

inline constexpr std::size_t kMaxVmxBytes = codec::Vmx::kMaxBytes;

struct FileFact {
    std::string path;                    // datastore path
    std::string type;                    // "config", "diskExtent", ... of layoutEx
    std::int64_t size = 0, allocated = 0;
    int disk_key = 0;                    // of a disk's file; 0: none
    int link = 0;                        // of its chain: 0 is the base
    bool shared = false;                 // with a linked clone
};

// A snapshot as the folder has it.
struct LoadedSnapshot {
    codec::VmsdSnapshot entry;
    vim::Ptr<Config> config;
    struct Disk {
        int key = 0;                     // in that configuration; 0: it has none of that name
        std::vector<std::string> files;  // datastore paths from the base up: descriptor, data, descriptor ...
    };
    std::vector<Disk> disks;
    std::string config_file, memory_file;                // datastore paths; "" : it has none
    bool suspended = false;                              // the machine was when it was taken
};

struct Loaded {
    Config config;
    std::vector<FileFact> files;
    std::int64_t provisioned = 0;        // what the files can grow to
    bool suspended = false;              // has a state file to go on from
    std::string state_file;              // absolute; "" : none
    base::Time suspended_at{};           // when that was written
    std::vector<std::string> troubles;   // disks that are missing or cannot be used, in words
    std::vector<LoadedSnapshot> snapshots;               // a parent stands before its children
    std::int64_t current_snapshot = 0;
    bool needs_consolidation = false;    // its disks have more layers than the snapshots need
};

// Where a VM's files are.
struct Home {
    DatastorePath vmx;
    std::string file;                    // absolute path of the .vmx
    VolumeList volumes;

    std::string Folder() const { return file.substr(0, file.rfind('/')); }
};

// The state that it goes on from when it is suspended, there or not: absolute.
std::string StateFileOf(const Home& home);

// kNotFound: there is no .vmx; kInvalid: it makes no sense, the words say where.
base::Result<Loaded> LoadFolder(const Home& home);
base::Result<codec::Vmx> ReadVmx(const std::string& file);
// Writes `config` into the file that is there (or a new one), keeping its other lines.
base::Result<> SaveConfig(const Home& home, const Config& config);
// The text that SaveConfig() would write.
base::Result<std::string> VmxText(const Home& home, const Config& config);
// One line of the file; "" removes it.
base::Result<> SetVmxLine(const std::string& file, std::string_view key, std::string_view value);

// The files of the VM that its folder holds, for layoutEx; also used when it is destroyed.
std::vector<FileFact> ListFiles(const Home& home, const Config& config);

}  // namespace vm
