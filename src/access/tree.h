// Where an object hangs, as the rules of evaluation want to know it: the parents of an
// entity, and for anything else (a host's subsystem, a snapshot, a task, a manager) the
// entity that decides for it.
#pragma once

#include <unordered_map>

#include "access/evaluate.h"
#include "inventory/inventory.h"

namespace auth {

class Tree {
public:
    Tree(const inventory::Inventory& inventory, vim::Ref root) : inventory_(inventory), root_(std::move(root)) {}

    // An entity with no known parent hangs on the root.
    Place PlaceOf(const vim::Ref& entity) const;
    vim::Ref EntityOf(const vim::Ref& object);
    // Permissions cannot be set on an entity that takes its parent's (rule 5).
    bool Forced(const vim::Ref& entity) const { return PlaceOf(entity).forced; }
    const vim::Ref& root() const { return root_; }

private:
    void Follow();
    void Learn(const vim::ManagedObject& object);
    void Claim(const vim::Ref& part, const vim::Ref& owner, bool replace);

    const inventory::Inventory& inventory_;
    vim::Ref root_;
    // Parts that do not name their entity themselves: networkSystem -> ha-host.
    std::unordered_map<vim::Ref, vim::Ref> owner_of_;
    inventory::Version seen_ = 0;
    bool learnt_ = false;
};

}  // namespace auth
