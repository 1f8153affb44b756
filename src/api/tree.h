// Walking the inventory tree: who is below whom.
#pragma once

#include <functional>

#include "inventory/inventory.h"

namespace api {

// The direct children of a container: a folder's entities, a data centre's four folders, a
// compute resource's hosts and pool, a pool's pools and VMs.
void ForEachChild(const vim::ManagedObject& container, const std::function<void(const vim::Ref&)>& fn);

// Whether `object` is a child of `container`, directly or (recursive) at any depth.
bool IsInside(const inventory::Snapshot& now, const vim::Ref& object, const vim::Ref& container, bool recursive);

// The child of that name (percent-encoded as names are); null when there is none.
vim::Ref FindChildNamed(const inventory::Snapshot& now, const vim::ManagedObject& container, std::string_view name);

}  // namespace api
