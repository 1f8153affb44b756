#include "access/evaluate.h"

#include <algorithm>

#include "access/role_table.h"

namespace auth {
namespace {

constexpr int kDeepest = 64;     // no tree is so deep; a ring of parents must not hang us

void Unite(Roles& into, const Roles& more) {
    for (int role : more)
        if (auto at = std::lower_bound(into.begin(), into.end(), role); at == into.end() || *at != role)
            into.insert(at, role);
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Of the permissions that apply, the user's own one, or all his groups'.
std::optional<Roles> Decide(const std::vector<Permission>& list, const Principal& who, bool below) {
    std::optional<Roles> groups;
    for (const Permission& p : list) {
        if (below && !p.propagate) continue;
        if (!p.group && p.principal == who.user) return Roles{p.role};
        if (!p.group || !Has(who.groups, p.principal)) continue;
        if (!groups) groups.emplace();
        Unite(*groups, {p.role});
    }
    return groups;
}

struct Walk {
    const Grants& grants;
    const PlaceOf& place_of;
    InheritedCache* cache;

    // What an entity's children inherit through it.
    Roles Below(const vim::Ref& entity, int depth) {
        if (cache)
            if (auto it = cache->find(entity); it != cache->end()) return it->second;
        Roles out;
        if (auto it = grants.find(entity); it != grants.end() && it->second.below) out = *it->second.below;
        else out = FromAbove(place_of(entity), depth);
        if (cache) cache->emplace(entity, out);
        return out;
    }

    Roles FromAbove(const Place& place, int depth) {
        Roles out;
        if (depth > kDeepest) return out;
        for (const vim::Ref& parent : place.parents) Unite(out, Below(parent, depth + 1));
        return out;
    }
};

bool GivesAnything(const Grant& grant) {
    auto more = [](const std::optional<Roles>& r) {
        return r && std::any_of(r->begin(), r->end(), [](int role) { return role != kNoAccess; });
    };
    return more(grant.here) || more(grant.below);
}

}  // namespace

Grants GrantsOf(const PermissionTable& permissions, const Principal& who) {
    Grants out;
    permissions.ForEachEntity([&](const vim::Ref& entity, const std::vector<Permission>& list) {
        Grant grant{Decide(list, who, false), Decide(list, who, true)};
        if (grant.here) out.emplace(entity, std::move(grant));
    });
    return out;
}

Roles RolesOn(const Grants& grants, const PlaceOf& place_of, const vim::Ref& entity, InheritedCache* cache) {
    vim::Ref at = entity;
    Place place = place_of(at);
    for (int i = 0; place.forced && !place.parents.empty() && i < kDeepest; ++i) {
        at = place.parents.front();
        place = place_of(at);
    }
    if (auto it = grants.find(at); it != grants.end()) return *it->second.here;
    return Walk{grants, place_of, cache}.FromAbove(place, 0);
}

std::unordered_set<vim::Ref> SeenOnTheWay(const Grants& grants, const PlaceOf& place_of) {
    std::unordered_set<vim::Ref> out;
    std::vector<vim::Ref> todo;
    for (const auto& [entity, grant] : grants)
        if (GivesAnything(grant)) todo.push_back(entity);
    while (!todo.empty()) {
        Place place = place_of(todo.back());
        todo.pop_back();
        for (const vim::Ref& parent : place.parents)
            if (out.insert(parent).second) todo.push_back(parent);
    }
    return out;
}

}  // namespace auth
