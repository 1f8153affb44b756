// What a VirtualMachineConfigSpec asks for, checked and applied to a configuration.
//
// Apply() touches no file and no guest: it changes a copy of the configuration and lists
// the work on files and on the running guest that goes with it.
#pragma once

#include <functional>

#include "vm/config.h"

namespace vm {

using Spec = vim::VirtualMachineConfigSpec;

// May the caller? Asked for what a request's parameters name; the method itself was
// checked before.
struct Permit {
    virtual ~Permit() = default;
    virtual vim::Result<> Check(const vim::Ref& object, std::string_view privilege) const = 0;
};

struct FileWork {
    struct Make {
        std::string path;
        std::int64_t capacity_kb;
        bool thin;
        std::string adapter;
        bool eager = false;              // all of it is written at once
    };
    struct Extend {
        std::string path;
        std::int64_t capacity_kb;
    };
    std::vector<Make> make;              // datastore paths, all of them
    std::vector<Extend> extend;
    std::vector<std::string> remove;
    std::vector<std::string> attach;     // disks that must be there already
};

struct LiveWork {                        // for a guest that runs
    struct Medium {
        int key;
        std::string path;
    };      // datastore path; "" : none
    struct Link {
        int key;
        bool connected;
    };
    struct Iops {
        int key;
        std::int64_t iops;               // 0: no limit
    };
    struct Grow {
        int key;
        std::int64_t bytes;
    };
    std::vector<Grow> grow;              // disks whose files have grown
    std::vector<Medium> media;
    std::vector<Link> links;
    std::vector<int> unplug, plug;       // keys of devices
    std::vector<int> networks;           // keys of adapters on another network
    std::vector<Iops> iops;
    bool grows = false;                  // processors or memory
    bool affinity = false;
};

struct Limits {
    int max_cpus = 64;
    std::int64_t max_memory_mb = 4ll << 20;
    std::int64_t max_disk_kb = 62ll << 30;
};

struct Situation {
    bool running = false;                // or suspended: its devices must stay as they are
    vim::VirtualMachinePowerState state = vim::VirtualMachinePowerState::kPoweredOff;
    DatastorePath vmx_path;
    VolumeList volumes;
    Limits limits;
    std::function<bool(std::string_view mac)> mac_taken;
    std::function<bool(const vim::Ref& network)> network_exists;
    std::function<bool(const DatastorePath& disk)> disk_taken;   // its file is there, or a snapshot names it
};

struct Change {
    Config config;
    FileWork files;
    LiveWork live;
};

vim::Result<Change> Apply(const Spec& spec, Config config, const Situation& situation);
// The parts of it, by subject.
vim::Result<> CheckRunning(const Spec& spec, const Situation& situation, const Config& now);
vim::Result<> ApplyGrowth(const Config& before, const Situation& situation, Change& change);
vim::Result<> ApplyBoot(const Spec& spec, Config& config);
vim::Result<> ApplyScheduling(const Spec& spec, const Situation& situation, Change& change);
vim::Fault InvalidSpec(std::string_view property, std::string words);
// The `deviceChange` part.
vim::Result<> ApplyDevices(const Spec& spec, const Situation& situation, Change& change);

// The privileges that the parts of a change need on the VM, its networks and datastores.
vim::Result<> CheckChange(const Spec& spec, const vim::Ref& vm, const Config& now, const VolumeList& volumes,
                          const Permit& permit);
// Of the devices of a new VM: what lies outside of it.
vim::Result<> CheckDevices(const Spec& spec, const Config* now, const VolumeList& volumes, const Permit& permit);

// 1 to 80 characters, and none that would not survive a file name or a path.
vim::Result<> CheckName(const std::string& name, const vim::Ref& entity);

// What the VM lacks that every VM has: uuids, addresses. True when it added something.
bool Complement(Config& config, const std::function<bool(std::string_view)>& mac_taken);

}  // namespace vm
