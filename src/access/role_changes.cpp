// Adding, changing, removing and merging roles.
#include "access/authorization.h"
#include "base/text.h"

namespace auth {
namespace {

vim::Fault AsFault(RoleError error, const std::string& name) {
    switch (error.why) {
        case RoleRefusal::kBadName: return vim::Fault(vim::InvalidName(name, vim::Ref()), error.words);
        case RoleRefusal::kNameTaken: return vim::Fault(vim::AlreadyExists(name), error.words);
        case RoleRefusal::kUnknownPrivilege: return vim::Fault(vim::InvalidArgument("privIds"), error.words);
        case RoleRefusal::kSystemRole: return vim::Fault(vim::InvalidArgument("roleId"), error.words);
        case RoleRefusal::kNoSuchRole: break;
    }
    return vim::Fault(vim::NotFound(), error.words);
}

}  // namespace

vim::Result<> Authorization::NotWider(const Principal& who, const vim::Ref& entity, const PrivilegeSet& wanted) {
    PrivilegeSet missing = wanted & ~PrivilegesOn(who, entity);
    if (missing.none()) return {};
    std::string first = ToIds(missing).front();
    return vim::Fault(vim::NoPermission(entity, first),
                      base::Cat("user \"", who.user, "\" may not give or take ", first, " on ", entity.Text(),
                                ", which he does not have there himself"));
}

rt::Co<vim::Result<int>> Authorization::AddRole(Principal who, std::string name, std::vector<std::string> privileges) {
    Turn::Holder turn = co_await file_.turn().Take();
    State next{roles_, permissions_};
    auto id = next.roles.Add(name, privileges);
    if (!id) co_return AsFault(std::move(id).error(), name);
    const Role role = *next.roles.Find(*id);
    CO_CHECK(NotWider(who, tree_.root(), role.privileges));
    CO_CHECK(co_await Save(std::move(next)));
    vim::RoleAddedEvent event;
    event.privilege_list = ToIds(role.privileges);
    PostRoleEvent(std::move(event), *id, name, who.user);
    co_return *id;
}

rt::Co<vim::Result<>> Authorization::UpdateRole(Principal who, int id, std::string name,
                                                std::vector<std::string> privileges) {
    Turn::Holder turn = co_await file_.turn().Take();
    State next{roles_, permissions_};
    auto done = next.roles.Update(id, name, privileges);
    if (!done) co_return AsFault(std::move(done).error(), name);
    const PrivilegeSet before = roles_.Find(id)->privileges, after = next.roles.Find(id)->privileges;
    CO_CHECK(NotWider(who, tree_.root(), before | after));
    CO_CHECK(co_await Save(std::move(next)));
    vim::RoleUpdatedEvent event;
    event.privilege_list = ToIds(after);
    PostRoleEvent(std::move(event), id, name, who.user);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Authorization::RemoveRole(Principal who, int id, bool fail_if_used) {
    Turn::Holder turn = co_await file_.turn().Take();
    State next{roles_, permissions_};
    auto removed = next.roles.Remove(id);
    if (!removed) co_return AsFault(std::move(removed).error(), "");
    const Role role = *roles_.Find(id);
    CO_CHECK(NotWider(who, tree_.root(), role.privileges));
    auto gone = next.permissions.RemoveIf([id](const Permission& p) { return p.role == id; });
    if (fail_if_used && !gone.empty())
        co_return vim::Fault(vim::RemoveFailed(),
                             base::Cat("the role \"", role.name, "\" is used by ", gone.size(),
                                       " permissions, such as that of \"", gone.front().principal, "\""));
    const PermissionTable before = permissions_;
    CO_CHECK(co_await Save(std::move(next)));
    std::vector<vim::Ref> touched;
    for (const Permission& p : gone) touched.push_back(p.entity);
    PostPermissionEvents(before, touched, who.user);
    PostRoleEvent(vim::RoleRemovedEvent(), id, role.name, who.user);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Authorization::MergePermissions(Principal who, int from, int to) {
    Turn::Holder turn = co_await file_.turn().Take();
    const Role* source = roles_.Find(from);
    const Role* target = roles_.Find(to);
    if (!source || !target) co_return vim::Fault(vim::NotFound(), base::Cat("there is no role ", source ? to : from));
    if (!target->grantable())
        co_return vim::Fault(vim::InvalidArgument("dstRoleId"),
                             base::Cat("the role ", target->name, " cannot be given"));
    State next{roles_, permissions_};
    std::vector<vim::Ref> touched;
    for (Permission p : permissions_.WithRole(from)) {
        CO_CHECK(NotWider(who, p.entity, source->privileges | target->privileges));
        p.role = to;
        touched.push_back(p.entity);
        next.permissions.Put(std::move(p));
    }
    CO_CHECK(KeepsAdmin(next.permissions));
    const PermissionTable before = permissions_;
    CO_CHECK(co_await Save(std::move(next)));
    PostPermissionEvents(before, touched, who.user);
    co_return vim::Result<>{};
}

void Authorization::PostRoleEvent(vim::Ptr<vim::RoleEvent> event, int id, const std::string& name,
                                  const std::string& user) {
    vim::RoleEventArgument role;
    role.role_id = id;
    role.name = name;
    event.Mut().role = std::move(role);
    parts_.events.Post(event, user);
}

}  // namespace auth
