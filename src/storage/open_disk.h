// A disk of our own form, opened for work: its descriptor and its one flat extent, locked
// against machines for as long as this lives.
//
// Everything here blocks.
#pragma once

#include "storage/disk_text.h"
#include "storage/image_lock.h"
#include "storage/place.h"

namespace storage {

struct OpenDisk {
    Root root;
    codec::VmdkDescriptor disk;
    std::string flat;                    // path of its extent
    rt::Fd file;                         // which is open here

    std::int64_t Bytes() const { return static_cast<std::int64_t>(disk.Sectors()) * 512; }
    bool thin() const { return disk.Ddb("thinProvisioned") == "1"; }
    std::string Text() const { return root.Text(flat); }
};

// kInvalid: of another form; kBusy: a machine or another task has it.
base::Result<OpenDisk> OpenFlat(const vm::Located& place, ImageUse use);

// Takes the blocks of the whole file now. kNoSpace says how much is missing.
base::Result<> TakeBlocks(int file, const std::string& text, const Root& root);

// The name of a descriptor in the disk's folder that says it is a delta of this one; "" : none.
std::string DeltaOf(const Root& root, const std::string& path);
// kBusy with that name: what changes the disk would destroy the delta.
base::Result<> CheckNoDelta(const Root& root, const std::string& path);

// Removes a disk with its extents, the descriptor last. kBusy: a delta hangs on it, or a machine has it.
base::Result<> RemoveDisk(const vm::Located& place);

}  // namespace storage
