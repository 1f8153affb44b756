// From a spec to a QEMU that waits at its first instruction: files opened, sockets made,
// user and control group set, process started. Blocks (it opens files that may be on slow
// storage, and forks): run it in a pool.
#pragma once

#include <optional>

#include "backend/qemu/command_line.h"
#include "backend/qemu/run_dir.h"
#include "rt/process.h"

namespace backend::qemu {

struct LaunchPlan {
    VmSpec spec;
    std::string state;                   // to go on from, or ""
    Engine engine;
    RunDir dir;
    std::optional<uid_t> user;           // of its own; nullopt: ours
    std::vector<std::string> cgroup_parents;
    std::string pool_path;               // of its pool's group below those, or ""
    int core_mhz = 2000;
};

struct Launched {
    rt::Process process;
    RunRecord record;
};

// Nothing is left behind when it fails.
base::Result<Launched> Launch(LaunchPlan plan);

// Whether a machine's memory may be kept from being paged out.
bool MayLock();

// Of these disks, those where the page cache can be bypassed.
std::set<int> FindDirect(const std::vector<DiskSpec>& disks);

// The file of one medium, as Launch() opens it.
base::Result<rt::Fd> OpenMedium(const std::string& path, bool read_only, bool direct = false);

}  // namespace backend::qemu
