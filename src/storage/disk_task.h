// What every task on a virtual disk begins with.
#pragma once

#include "storage/parts.h"

namespace storage {

// The disk that a client named, once he may manage the files of its datastore and no running
// machine has it. Nothing is said about whether it is there.
vim::Result<vm::Located> DiskToChange(const Parts& parts, const Caller& caller, const std::string& name);

// `state` is what a resumer is given.
rt::Co<vim::Result<vim::Ref>> BeginDiskTask(Parts parts, Caller caller, vm::Located place, const vim::Method& method,
                                            std::string state, task::Work work);

// The datastore has other room now, and machines that have the disk another one.
rt::Co<void> TellChanged(Parts parts, vm::Located disk);

}  // namespace storage
