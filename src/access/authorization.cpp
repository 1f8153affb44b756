#include "access/authorization.h"

#include <algorithm>

#include "access/account_table.h"
#include "base/log.h"
#include "base/text.h"
#include "vim/gen/entity.h"
#include "vim/gen/service.h"

namespace auth {
namespace {

constexpr std::size_t kMostKnown = 256;
constexpr std::string_view kAnonymousPrivilege = "System.Anonymous", kViewPrivilege = "System.View";

std::string KeyOf(const Principal& who) {
    std::string key = who.user;
    for (const std::string& group : who.groups) (key += '\n') += group;
    return key;
}

}  // namespace

Authorization::Authorization(Parts parts)
    : parts_(std::move(parts)), tree_(parts_.inventory, parts_.root_folder), file_(parts_.pool, parts_.path) {
    watch_ = parts_.inventory.OnCommit([this] { FollowInventory(); });
}

Authorization::~Authorization() { parts_.inventory.Forget(watch_); }

rt::Co<base::Result<>> Authorization::Load() {
    CO_CHECK(co_await file_.Load());
    CO_TRY(roles, RoleTable::From(file_.now()));
    CO_TRY(permissions, PermissionTable::From(file_.now()));
    for (const Permission& p : permissions.All()) {
        if (roles.Find(p.role)) continue;
        co_return base::Error{
            base::Code::kInvalid,
            base::Cat(file_.path(), ": \"", p.principal, "\" has the role ", p.role, " on ", p.entity.Text(),
                      ", but there is no such role. Correct it, or put the copy ", file_.path(), ".bak in its place")};
    }
    bool fresh = permissions.empty();
    if (fresh) permissions.Put({parts_.root_folder, std::string(kRoot), false, kAdmin, true});
    permissions.Put({parts_.root_folder, std::string(kConsole), false, kAdmin, true});
    roles_ = std::move(roles);
    permissions_ = std::move(permissions);
    known_.clear();
    co_return base::Result<>{};
}

Authorization::Known& Authorization::Know(const Principal& who) {
    std::string key = KeyOf(who);
    if (auto it = known_.find(key); it != known_.end()) return it->second;
    if (known_.size() >= kMostKnown) known_.clear();
    Known& known = known_[key];
    known.grants = GrantsOf(permissions_, who);
    return known;
}

Roles Authorization::RolesFor(Known& known, const vim::Ref& entity) {
    // The usual case: one permission, on the root, which everything hangs on.
    if (known.grants.size() == 1) {
        const auto& [on, grant] = *known.grants.begin();
        if (on == tree_.root() && grant.below) return entity == on ? *grant.here : *grant.below;
    }
    if (known.grants.empty()) return {};
    if (auto version = parts_.inventory.version(); version != known.inherited_at) {
        known.inherited.clear();
        known.inherited_at = version;
    }
    PlaceOf place_of = [this](const vim::Ref& ref) { return tree_.PlaceOf(ref); };
    return RolesOn(known.grants, place_of, entity, &known.inherited);
}

PrivilegeSet Authorization::Union(const Roles& roles) const {
    PrivilegeSet out;
    for (int id : roles)
        if (const Role* role = roles_.Find(id)) out |= role->privileges;
    return out;
}

bool Authorization::Seen(Known& known, const vim::Ref& entity) {
    if (auto version = parts_.inventory.version(); !known.seen_valid || version != known.seen_at) {
        PlaceOf place_of = [this](const vim::Ref& ref) { return tree_.PlaceOf(ref); };
        known.seen = SeenOnTheWay(known.grants, place_of);
        known.seen_at = version;
        known.seen_valid = true;
    }
    return known.seen.contains(entity);
}

PrivilegeSet Authorization::PrivilegesOn(const Principal& who, const vim::Ref& entity) {
    return Union(EffectiveRoles(who, entity));
}

Roles Authorization::EffectiveRoles(const Principal& who, const vim::Ref& entity) {
    Known& known = Know(who);
    Roles roles = RolesFor(known, entity);
    bool nothing = std::all_of(roles.begin(), roles.end(), [](int role) { return role == kNoAccess; });
    if (nothing && Seen(known, entity)) roles.insert(std::lower_bound(roles.begin(), roles.end(), kView), kView);
    return roles;
}

bool Authorization::Allows(const Principal& who, const vim::Ref& object, std::string_view privilege) {
    return bool(Check(&who, object, privilege));
}

vim::Result<> Authorization::Check(const Principal* who, const vim::Ref& object, std::string_view privilege) {
    if (privilege.empty() || privilege == kAnonymousPrivilege) return {};
    if (!who)
        return vim::Fault(vim::NotAuthenticated(object, std::string(privilege)),
                          base::Cat("log in first: ", privilege, " is needed on ", object.Text()));
    auto index = PrivilegeIndex(privilege);
    vim::Ref entity = tree_.EntityOf(object);
    Known& known = Know(*who);
    auto has = [&](const vim::Ref& on) { return index && Union(RolesFor(known, on))[*index]; };
    auto refuse = [&](const vim::Ref& on) -> vim::Result<> {
        return vim::Fault(
            vim::NoPermission(on, std::string(privilege)),
            base::Cat("user \"", who->user, "\" does not have the privilege ", privilege, " on ", on.Text()));
    };
    if (!has(entity) && !(privilege == kViewPrivilege && Seen(known, entity))) return refuse(object);
    if (index && AllPrivileges()[*index].on_parent && entity == object && entity != tree_.root()) {
        vim::Ref parent = tree_.PlaceOf(entity).parents.front();
        if (!has(parent)) return refuse(parent);
    }
    return {};
}

bool Authorization::HasAnything(const Principal& who) {
    for (const auto& [entity, grant] : Know(who).grants)
        for (const auto* roles : {&grant.here, &grant.below})
            if (*roles && Union(**roles).any()) return true;
    return false;
}

bool Authorization::HasAnywhere(const Principal& who, std::string_view privilege) {
    auto index = PrivilegeIndex(privilege);
    if (!index) return false;
    for (const auto& [entity, grant] : Know(who).grants)
        for (const auto* roles : {&grant.here, &grant.below})
            if (*roles && Union(**roles)[*index]) return true;
    return false;
}

vim::Result<> Authorization::MayControl(const Principal& who, const Principal& other) {
    std::vector<vim::Ref> where;
    for (const auto& [entity, grant] : Know(other).grants) where.push_back(entity);
    for (const vim::Ref& entity : where) CHECK(NotWider(who, entity, PrivilegesOn(other, entity)));
    return {};
}

// Entities that went take their permissions along: an id that comes again must not find
// what somebody else had. Entities that came show theirs.
void Authorization::FollowInventory() {
    std::vector<vim::Ref> gone, came;
    bool known = parts_.inventory.Since(followed_, [&](const inventory::Change& change) {
        if (permissions_.On(change.object).empty()) return;
        if (change.kind == inventory::ChangeKind::kRemoved) gone.push_back(change.object);
        if (change.kind == inventory::ChangeKind::kAdded && published_) came.push_back(change.object);
    });
    followed_ = parts_.inventory.version();
    if (!known) return;
    for (const vim::Ref& entity : gone) parts_.loop.Spawn(ForgetEntity(entity));
    if (!came.empty()) parts_.loop.Post([this, came] { PublishPermissions(came); });
}

rt::Co<void> Authorization::ForgetEntity(vim::Ref entity) {
    Turn::Holder turn = co_await file_.turn().Take();
    if (parts_.inventory.Now()->Peek(entity)) co_return;     // it is back
    State next{roles_, permissions_};
    next.permissions.RemoveEntity(entity);
    auto saved = co_await Save(std::move(next));
    if (!saved)
        base::LogError("auth", base::Cat("forget the permissions on ", entity.Text(), ": ", saved.error().message()));
}

}  // namespace auth
