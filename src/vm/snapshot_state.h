// What a snapshot keeps besides settings and layers: the EFI variables, and the memory of a
// machine that was suspended when it was taken.
//
//   web-Snapshot1.nvram   the .nvram as it was
//   web-Snapshot1.vmem    the .vmss as it was; both are never written after they are made, so
//                         they are one file with two names where the file system can
//
// Everything here blocks.
#pragma once

#include "vm/snapshot_files.h"

namespace vm {

std::string VariablesFileOf(const Home& home);                           // absolute: the machine's own
std::string VariablesFileOf(const Home& home, std::int64_t uid);         // and a snapshot's
bool HasVariables(const Home& home);

// Of a machine that does not run. Without EFI variables there is nothing to keep.
base::Result<> KeepVariables(const Home& home, std::int64_t uid);
// Those of the snapshot, beside the machine's; then in their place, which needs no room.
base::Result<> PrepareVariables(const Home& home, std::int64_t uid);
base::Result<> UseVariables(const Home& home);
base::Result<> DropPrepared(const Home& home);

base::Result<> KeepState(const Home& home, std::int64_t uid);
base::Result<> PutStateBack(const Home& home, std::int64_t uid);
// It was taken of a suspended machine, and what that goes on from is there.
bool IsOfSuspended(const Home& home, const codec::VmsdSnapshot& snapshot);

// A saved state is of use while no disk was written after it. These files were, and hold what
// they held before for the guest.
base::Result<> AgeAsState(const Home& home, const std::vector<std::string>& files);
// The same for all layers that the machine has now.
base::Result<> AgeLayers(const Home& home);

}  // namespace vm
