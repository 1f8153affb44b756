// What clients read of roles and permissions, and the events about them.
#include "access/authorization.h"
#include "base/text.h"
#include "vim/gen/entity.h"
#include "vim/gen/service.h"

namespace auth {
namespace {

vim::Ptr<vim::ElementDescription> Described(const std::string& key, std::string label) {
    vim::ElementDescription out;
    out.key = key;
    out.summary = label;
    out.label = std::move(label);
    return out;
}

vim::Ptr<vim::AuthorizationPrivilege> AsData(const Privilege& p) {
    vim::AuthorizationPrivilege out;
    out.priv_id = p.id;
    out.on_parent = p.on_parent;
    out.name = p.name;
    out.priv_group_name = p.group;
    return out;
}

// "VirtualMachine.GuestOperations" -> "Virtual machine: Guest operations".
std::string GroupLabel(std::string_view group) {
    auto dot = group.find('.');
    std::string out = LabelOf(group.substr(0, dot));
    return dot == group.npos ? out : base::Cat(out, ": ", LabelOf(group.substr(dot + 1)));
}

vim::Ptr<vim::AuthorizationDescription> Descriptions() {
    vim::AuthorizationDescription out;
    const std::string* last = nullptr;
    for (const Privilege& p : AllPrivileges()) {
        out.privilege.push_back(Described(p.id, LabelOf(p.name)));
        if (!last || *last != p.group) out.privilege_group.push_back(Described(p.group, GroupLabel(p.group)));
        last = &p.group;
    }
    return out;
}

vim::Ptr<vim::RoleEventArgument> RoleArgument(const RoleTable& roles, int id) {
    vim::RoleEventArgument out;
    out.role_id = id;
    if (const Role* role = roles.Find(id)) out.name = role->name;
    return out;
}

template <class E> E PermissionEventOf(const Permission& p, const std::string& entity_name) {
    E out;
    vim::ManagedEntityEventArgument entity;
    entity.entity = p.entity;
    entity.name = entity_name;
    out.entity = std::move(entity);
    out.principal = p.principal;
    out.group = p.group;
    return out;
}

}  // namespace

vim::Permission AsData(const Permission& p) {
    vim::Permission out;
    out.entity = p.entity;
    out.principal = p.principal;
    out.group = p.group;
    out.role_id = p.role;
    out.propagate = p.propagate;
    return out;
}

vim::AuthorizationRole AsData(const Role& role) {
    vim::AuthorizationRole out;
    vim::Description info;
    info.label = role.label;
    info.summary = role.summary;
    out.role_id = role.id;
    out.system = role.system();
    out.name = role.name;
    out.info = std::move(info);
    out.privilege = ToIds(role.privileges);
    return out;
}

void Authorization::PublishRoles() {
    auto edit = parts_.inventory.Begin();
    edit.Change<vim::AuthorizationManager>(parts_.manager, [this](vim::AuthorizationManager& manager) {
        manager.role_list.clear();
        for (const auto& [id, role] : roles_.all()) manager.role_list.push_back(AsData(role));
    });
    edit.Commit();
}

void Authorization::PublishPermissions(const std::vector<vim::Ref>& entities) {
    auto edit = parts_.inventory.Begin();
    for (const vim::Ref& ref : entities)
        edit.Change<vim::ManagedEntity>(ref, [&](vim::ManagedEntity& entity) {
            entity.permission.clear();
            for (const Permission& p : permissions_.On(ref)) entity.permission.push_back(AsData(p));
        });
    edit.Commit();
}

void Authorization::Publish() {
    published_ = true;
    if (!parts_.inventory.Now()->Peek(parts_.manager)) {
        vim::AuthorizationManager manager;
        manager.self = parts_.manager;
        auto edit = parts_.inventory.Begin();
        edit.Add(std::move(manager));
        edit.Commit();
    }
    auto edit = parts_.inventory.Begin();
    edit.Change<vim::AuthorizationManager>(parts_.manager, [](vim::AuthorizationManager& manager) {
        manager.privilege_list.clear();
        for (const Privilege& p : AllPrivileges()) manager.privilege_list.push_back(AsData(p));
        manager.description = Descriptions();
    });
    edit.Commit();
    PublishRoles();
    std::vector<vim::Ref> entities;
    permissions_.ForEachEntity([&](const vim::Ref& entity, const auto&) { entities.push_back(entity); });
    PublishPermissions(entities);
}

void Authorization::PostPermissionEvents(const PermissionTable& before, const std::vector<vim::Ref>& entities,
                                         const std::string& user) {
    auto now = parts_.inventory.Now();
    for (const vim::Ref& ref : entities) {
        auto* entity = now->Get<vim::ManagedEntity>(ref);
        std::string name = entity ? entity->name : ref.id;
        for (const Permission& old : before.On(ref))
            if (!permissions_.Find(ref, old.principal, old.group))
                parts_.events.Post(PermissionEventOf<vim::PermissionRemovedEvent>(old, name), user);
        for (const Permission& p : permissions_.On(ref)) {
            const Permission* old = before.Find(ref, p.principal, p.group);
            if (old && *old == p) continue;
            auto fill = [&](auto event) {
                event.role = RoleArgument(roles_, p.role);
                event.propagate = p.propagate;
                parts_.events.Post(std::move(event), user);
            };
            if (old) fill(PermissionEventOf<vim::PermissionUpdatedEvent>(p, name));
            else fill(PermissionEventOf<vim::PermissionAddedEvent>(p, name));
        }
    }
}

}  // namespace auth
