// What is asked about a virtual disk, and what keeps it small and in one piece: its chain,
// how scattered it lies, defragmenting and shrinking.
#pragma once

#include "storage/parts.h"
#include "vim/gen/vm_device.h"

namespace storage {

class DiskCare {
public:
    explicit DiskCare(Parts parts);

    using Started = rt::Co<vim::Result<vim::Ref>>;
    // VirtualDiskInfo: the disk, and with `parents` what it is a delta of.
    Started Info(Caller caller, std::string name, bool parents, const vim::Method& method);
    // In percent: 0 lies in one piece, 100 could not be more scattered.
    rt::Co<vim::Result<std::int32_t>> Fragmentation(Caller caller, std::string name);
    Started Defragment(Caller caller, std::string name, const vim::Method& method);
    // Gives back the blocks that hold zeros; the disk is thin then. `copy`: by writing it anew.
    Started Shrink(Caller caller, std::string name, bool copy, const vim::Method& method);
    // Of virtual volumes, which this host has none of.
    rt::Co<vim::Result<>> ImportUnmanagedSnapshot(Caller caller, std::string name);

private:
    using Any = vim::Result<vim::Any>;
    enum class Rewrite { kDense, kWithoutZeros };
    rt::Co<Any> RunInfo(vm::Located place, bool parents);
    rt::Co<Any> RunRewrite(vm::Located place, Rewrite how, task::Progress& progress);
    rt::Co<Any> RunPunch(vm::Located place, task::Progress& progress);
    rt::Co<Any> Resume(task::Unfinished left, task::Progress& progress);

    Parts parts_;
};

}  // namespace storage
