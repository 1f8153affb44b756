// The .vmsd file of a VM: its tree of snapshots, in VMware's form.
//
// It names files and points from child to parent, so a damaged or hostile one could
// name foreign files or run in a circle: Parse refuses both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace codec {

struct VmsdDisk {
    std::string node;              // "scsi0:0"
    std::string file;              // the disk as it was when the snapshot was taken: "web.vmdk"
    friend bool operator==(const VmsdDisk&, const VmsdDisk&) = default;
};

struct VmsdSnapshot {
    std::int64_t uid = 0;          // from 1
    std::int64_t parent = 0;       // 0: a root
    std::string memory_file;       // "web-Snapshot1.vmsn"
    std::string name, description;
    base::Time created;
    bool with_memory = false;
    bool quiesced = false;
    std::vector<VmsdDisk> disks;
    friend bool operator==(const VmsdSnapshot&, const VmsdSnapshot&) = default;
};

struct Vmsd {
    std::int64_t last_uid = 0;
    std::int64_t current = 0;      // 0: none
    std::vector<VmsdSnapshot> snapshots;   // a parent stands before its children

    static base::Result<Vmsd> Parse(std::string_view bytes);   // of "" too: no snapshot
    std::string Text() const;
    const VmsdSnapshot* Find(std::int64_t uid) const;
    friend bool operator==(const Vmsd&, const Vmsd&) = default;
};

}  // namespace codec
