// What a VM's folder says of its snapshots, and writing it.
//
//   web.vmsd              the tree, in VMware's form
//   web-Snapshot1.vmsn    the .vmx as it was when snapshot 1 was taken
//   web-Snapshot1.vmem    memory and devices of that moment, as QEMU wrote them
//   web-Snapshot1.nvram   EFI variables of that moment
//
// docs/decisions/0031 says why these and not others. Everything here blocks.
#pragma once

#include "codec/vmsd.h"
#include "vm/disk_chain.h"
#include "vm/folder.h"
#include "vm/layer_graph.h"

namespace vm {

std::string VmsdFile(const Home& home);                  // absolute
std::string ConfigFileOf(const Home& home, std::int64_t uid);
std::string MemoryFileOf(const Home& home, std::int64_t uid);

// No file: no snapshots.
base::Result<codec::Vmsd> ReadSnapshots(const Home& home);
// A tree without snapshots whose numbers start anew has no file.
base::Result<> WriteSnapshots(const Home& home, const codec::Vmsd& vmsd);

// The configuration of a snapshot; one that an ESXi took has none that we can read: the VM's
// own, with the disks that the snapshot shows.
Config ConfigOf(const Home& home, const codec::VmsdSnapshot& snapshot, const Config& now);
bool HasOwnConfig(const Home& home, std::int64_t uid);

// The disks that snapshots are taken of: a name as the .vmx has it, and what it stands for.
struct SnapshotDisk {
    int key = 0;
    std::string node;                    // "scsi0:0"
    Located file;                        // the descriptor
};
bool IsIndependent(const vim::VirtualDevice& disk);
vim::Result<std::vector<SnapshotDisk>> DisksOf(const Config& config, const VolumeList& volumes);
// The descriptor that a snapshot shows, absolute; "" when it leads out of the VM's datastores.
std::string ShownFile(const Home& home, const codec::VmsdDisk& disk);

// Of all disks and snapshots of the VM. Names are absolute paths of descriptors. A chain that
// is broken is named in `troubles` and left out.
struct Layers {
    LayerGraph graph;
    std::map<std::string, DiskLink> links;
    std::map<std::string, std::string> volume;           // of each: the folder of its datastore
    std::vector<std::string> troubles;
};
Layers ReadLayers(const Home& home, const Config& config, const codec::Vmsd& vmsd);

// What LoadFolder() adds: the tree, the files of branches that the VM does not write now.
void LoadSnapshots(const Home& home, Loaded& out);

}  // namespace vm
