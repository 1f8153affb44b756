// Which nodes stand for the files of a disk in a QEMU that runs, and adding and dropping them.
#pragma once

#include "backend/qemu/running_vm.h"
#include "rt/pool.h"

namespace backend::qemu {

// The node of the device, and the names that the disk's other files have beside it.
struct DiskNodes {
    int key = 0;
    std::string top;                     // what the device uses
    std::string Base() const;
    std::string Overlay(const std::string& file) const;
    std::string At(const DiskSpec& disk, std::size_t place) const;   // 0 is the base
};
// kNotFound: the guest has no such disk.
rt::Co<base::Result<DiskNodes>> FindNodes(qmp::Client& qemu, int key);

// A qcow2 file as a node that is not in use yet.
rt::Co<base::Result<>> AddLooseLayer(rt::Pool& pool, qmp::Client& qemu, std::string node, std::string path);
// Closes the node and lets its file go; a removed file would else keep its space. One that is
// not there is fine.
rt::Co<base::Result<>> DropLayer(qmp::Client& qemu, std::string node);

}  // namespace backend::qemu
