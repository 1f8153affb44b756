// Puts a VM into the inventory, takes it out, and keeps every list that names it true:
// its folder, host, pool, datastores and networks, all in the caller's Edit.
#pragma once

#include "inventory/inventory.h"
#include "vim/gen/vm.h"

namespace host {

// Adds the node. Its parent, host and pool are filled in where it names none; its
// datastore and network lists say where else it is to be listed. One that is there already
// stays as it is.
void PlaceVm(inventory::Edit& edit, vim::VirtualMachine vm);

// Its disks or cards moved: changes the VM's lists and those of both ends.
void RelinkVm(inventory::Edit& edit, const vim::Ref& vm, std::vector<vim::Ref> datastores,
              std::vector<vim::Ref> networks);

// No-op when it is not there.
void RemoveVm(inventory::Edit& edit, const vim::Ref& vm);

}  // namespace host
