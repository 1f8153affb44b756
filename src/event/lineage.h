// Lineage: an entity and everything it lies in or runs on, when something happened to it.
// Kept with the event or task, so that "all events below this folder" is a look at text
// and stays true after the entity has moved or gone.
#pragma once

#include <string>
#include <vector>

#include "inventory/inventory.h"

namespace event {

// Lines "\n<steps away> <Type:id>\n"; the subject is 0 steps away, what holds it 1.
// `also` are other entities that it concerns, far away. Null subject: only those.
std::string LineageOf(const inventory::Snapshot& now, const vim::Ref& subject, const std::vector<vim::Ref>& also = {});

enum class Recursion { kSelf, kChildren, kAll };
bool IsWithin(std::string_view lineage, const vim::Ref& entity, Recursion recursion);

// The nearest of that type at or above the entity; a null Ref when there is none.
vim::Ref Enclosing(const inventory::Snapshot& now, const vim::Ref& entity, const vim::Type& type);

// Its name in the inventory; "" when it is not there.
std::string NameOf(const inventory::Snapshot& now, const vim::Ref& entity);

}  // namespace event
