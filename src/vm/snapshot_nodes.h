// The snapshots of a VM as clients see them: its properties, and an object for each.
#pragma once

#include "inventory/inventory.h"
#include "vm/node.h"

namespace vm {

// "7-snapshot-2": of VM 7, number 2 in its .vmsd.
vim::Ref SnapshotRef(const vim::Ref& vm, std::int64_t uid);
// 0: not a snapshot of that VM.
std::int64_t SnapshotUid(const vim::Ref& vm, const vim::Ref& snapshot);

// The part of TakeLoaded(): snapshot, rootSnapshot, layouts, consolidationNeeded.
void TakeSnapshots(Vm& vm, const Loaded& loaded);
// The objects; those that are gone go. In the edit in which the VM changes, before it does.
void PlaceSnapshots(inventory::Edit& edit, const vim::Ref& vm, const Loaded& loaded);
void RemoveSnapshots(inventory::Edit& edit, const vim::Ref& vm);

}  // namespace vm
