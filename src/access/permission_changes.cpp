// Giving and taking permissions.
#include <algorithm>

#include "access/account_table.h"
#include "access/authorization.h"
#include "base/text.h"
#include "vim/gen/entity.h"

namespace auth {
namespace {

const char* Kind(bool group) { return group ? "group" : "user"; }

}  // namespace

vim::Result<> Authorization::KeepsAdmin(const PermissionTable& next) const {
    bool kept = next.HasAdmin(tree_.root(),
                              [this](const Permission& p) { return parts_.directory.CanLogIn(p.principal, p.group); });
    if (kept) return {};
    return vim::Fault(vim::AuthMinimumAdminPermission(),
                      base::Cat("nobody who can log in would be left with the role Admin on ", tree_.root().Text()));
}

vim::Result<> Authorization::MayChangePermissions(const Principal& who, const vim::Ref& entity) {
    if (!parts_.inventory.Now()->Get<vim::ManagedEntity>(entity)) return vim::Fault(vim::ManagedObjectNotFound(entity));
    CHECK(Check(&who, entity, "Authorization.ModifyPermissions"));
    if (tree_.Forced(entity))
        return vim::Fault(vim::InvalidArgument("entity"),
                          base::Cat(entity.Text(), " takes the permissions of its parent: set them on ",
                                    tree_.PlaceOf(entity).parents.front().Text()));
    return {};
}

// What is to be given: each is somebody, with a role that may be given by `who`.
vim::Result<> Authorization::CheckGiven(const Principal& who, const vim::Ref& entity, std::vector<Permission>& given) {
    for (Permission& p : given) {
        p.entity = entity;
        const Role* role = roles_.Find(p.role);
        if (!role) return vim::Fault(vim::NotFound(), base::Cat("there is no role ", p.role));
        if (!role->grantable())
            return vim::Fault(vim::InvalidArgument("roleId"), base::Cat("the role ", role->name, " cannot be given"));
        if (!parts_.directory.Exists(p.principal, p.group)) {
            vim::UserNotFound fault;
            fault.principal = p.principal;
            return vim::Fault(std::move(fault), base::Cat("there is no ", Kind(p.group), " \"", p.principal, "\""));
        }
        if (!p.group && IsReserved(p.principal) && p.role != kAdmin)
            return vim::Fault(vim::InvalidArgument("permission"),
                              base::Cat("\"", p.principal, "\" belongs to the system"));
        CHECK(NotWider(who, entity, role->privileges));
        if (const Permission* old = permissions_.Find(entity, p.principal, p.group))
            CHECK(NotWider(who, entity, roles_.Find(old->role)->privileges));
    }
    return {};
}

rt::Co<vim::Result<>> Authorization::Set(Principal who, vim::Ref entity, std::vector<Permission> permissions) {
    Turn::Holder turn = co_await file_.turn().Take();
    CO_CHECK(MayChangePermissions(who, entity));
    CO_CHECK(CheckGiven(who, entity, permissions));
    State next{roles_, permissions_};
    for (Permission& p : permissions) next.permissions.Put(std::move(p));
    CO_CHECK(KeepsAdmin(next.permissions));
    const PermissionTable before = permissions_;
    CO_CHECK(co_await Save(std::move(next)));
    PostPermissionEvents(before, {entity}, who.user);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Authorization::Reset(Principal who, vim::Ref entity, std::vector<Permission> permissions) {
    Turn::Holder turn = co_await file_.turn().Take();
    CO_CHECK(MayChangePermissions(who, entity));
    CO_CHECK(CheckGiven(who, entity, permissions));
    State next{roles_, permissions_};
    next.permissions.RemoveEntity(entity);
    for (const Permission& old : permissions_.On(entity)) {
        CO_CHECK(NotWider(who, entity, roles_.Find(old.role)->privileges));
        if (!old.group && IsReserved(old.principal)) next.permissions.Put(old);
    }
    for (Permission& p : permissions) next.permissions.Put(std::move(p));
    CO_CHECK(KeepsAdmin(next.permissions));
    const PermissionTable before = permissions_;
    CO_CHECK(co_await Save(std::move(next)));
    PostPermissionEvents(before, {entity}, who.user);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Authorization::Remove(Principal who, vim::Ref entity, std::string principal, bool group) {
    Turn::Holder turn = co_await file_.turn().Take();
    CO_CHECK(MayChangePermissions(who, entity));
    const Permission* old = permissions_.Find(entity, principal, group);
    if (!old)
        co_return vim::Fault(vim::NotFound(), base::Cat("the ", Kind(group), " \"", principal,
                                                        "\" has no permission on ", entity.Text(), " itself"));
    if (!group && IsReserved(principal))
        co_return vim::Fault(vim::InvalidArgument("user"), base::Cat("\"", principal, "\" belongs to the system"));
    CO_CHECK(NotWider(who, entity, roles_.Find(old->role)->privileges));
    State next{roles_, permissions_};
    next.permissions.Remove(entity, principal, group);
    CO_CHECK(KeepsAdmin(next.permissions));
    const PermissionTable before = permissions_;
    CO_CHECK(co_await Save(std::move(next)));
    PostPermissionEvents(before, {entity}, who.user);
    co_return vim::Result<>{};
}

vim::Result<std::vector<Permission>> Authorization::On(const vim::Ref& entity, bool inherited) const {
    if (!parts_.inventory.Now()->Get<vim::ManagedEntity>(entity)) return vim::Fault(vim::ManagedObjectNotFound(entity));
    std::vector<Permission> out = permissions_.On(entity);
    if (!inherited) return out;
    // Upwards, by each way: a holder's nearest permission counts. Through a forced entity
    // its parent's count as its own, passed on or not.
    std::vector<vim::Ref> level{entity};
    bool own = true;
    for (int depth = 0; depth < 64 && !level.empty(); ++depth) {
        std::vector<vim::Ref> above;
        std::vector<Permission> found;
        for (const vim::Ref& at : level) {
            Place place = tree_.PlaceOf(at);
            own = own && place.forced;
            for (const vim::Ref& parent : place.parents) {
                if (std::find(above.begin(), above.end(), parent) == above.end()) above.push_back(parent);
                for (const Permission& p : permissions_.On(parent))
                    if (p.propagate || own) found.push_back(p);
            }
        }
        for (const Permission& p : found)
            if (std::none_of(out.begin(), out.end(), [&](const Permission& o) { return o.SameHolder(p); }))
                out.push_back(p);
        level = std::move(above);
    }
    return out;
}

vim::Result<std::vector<Permission>> Authorization::WithRole(int role) const {
    if (!roles_.Find(role)) return vim::Fault(vim::NotFound(), base::Cat("there is no role ", role));
    return permissions_.WithRole(role);
}

vim::Result<> Authorization::MayForget(std::string_view principal, bool group) const {
    PermissionTable next = permissions_;
    next.RemoveIf([&](const Permission& p) { return p.group == group && p.principal == principal; });
    return KeepsAdmin(next);
}

rt::Co<vim::Result<>> Authorization::Forget(Principal who, std::string principal, bool group) {
    Turn::Holder turn = co_await file_.turn().Take();
    State next{roles_, permissions_};
    auto gone =
        next.permissions.RemoveIf([&](const Permission& p) { return p.group == group && p.principal == principal; });
    if (gone.empty()) co_return vim::Result<>{};
    const PermissionTable before = permissions_;
    CO_CHECK(co_await Save(std::move(next)));
    std::vector<vim::Ref> touched;
    for (const Permission& p : gone) touched.push_back(p.entity);
    PostPermissionEvents(before, touched, who.user);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Authorization::Save(State next) {
    store::ConfigFile text = file_.now();
    CO_CHECK(next.roles.WriteTo(text));
    CO_CHECK(next.permissions.WriteTo(text));
    CO_CHECK(co_await file_.Save(std::move(text)));
    std::vector<vim::Ref> touched;
    for (const Permission& p : permissions_.All())
        if (next.permissions.On(p.entity) != permissions_.On(p.entity)) touched.push_back(p.entity);
    for (const Permission& p : next.permissions.All())
        if (permissions_.On(p.entity).empty()) touched.push_back(p.entity);
    roles_ = std::move(next.roles);
    permissions_ = std::move(next.permissions);
    known_.clear();
    if (published_) {
        PublishRoles();
        PublishPermissions(touched);
    }
    co_return vim::Result<>{};
}

}  // namespace auth
