// Which roles somebody has on an entity: the rules of evaluation, as functions of the
// permissions and the tree. No state, no I/O.
//
//  1 the nearest entity from it upwards that names the user or a group of his decides
//  2 there, the user's own permission counts alone; else the union of his groups'
//  3 the role NoAccess is empty, so it hides what would come from above
//  4 an entity with two parents has what either side gives
//  5 an entity that is forced into its parent has the parent's own permissions
//  6 on what leads to something that he has a role on, he has View
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "access/permission_table.h"

namespace auth {

struct Principal {
    std::string user;
    std::vector<std::string> groups;
};

using Roles = std::vector<int>;          // sorted, each once

// What the permissions on one entity give to one principal.
struct Grant {
    std::optional<Roles> here;           // on the entity itself; unset: not named there
    std::optional<Roles> below;          // on what lies under it
};
using Grants = std::unordered_map<vim::Ref, Grant>;

// Rules 1 to 3 for each entity that has permissions.
Grants GrantsOf(const PermissionTable& permissions, const Principal& who);

// Where an entity hangs.
struct Place {
    std::vector<vim::Ref> parents;       // none: a root, or unknown
    bool forced = false;                 // rule 5: into the first parent
};
using PlaceOf = std::function<Place(const vim::Ref&)>;

// What was inherited through an entity; share it among calls over one state of the tree.
using InheritedCache = std::unordered_map<vim::Ref, Roles>;

// Rules 1 to 5.
Roles RolesOn(const Grants& grants, const PlaceOf& place_of, const vim::Ref& entity, InheritedCache* cache = nullptr);

// Rule 6: all that lies above an entity where the principal has a role.
std::unordered_set<vim::Ref> SeenOnTheWay(const Grants& grants, const PlaceOf& place_of);

}  // namespace auth
