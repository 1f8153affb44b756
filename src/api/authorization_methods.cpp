// AuthorizationManager: roles, permissions, and who has which privilege.
#include "access/authorization.h"
#include "access/sessions.h"
#include "api/serve.h"
#include "base/text.h"
#include "vim/gen/access.h"
#include "vim/gen/calls_access.h"

namespace api {

namespace call = vim::call;

namespace {

using PermissionList = std::vector<vim::Ptr<vim::Permission>>;

std::vector<auth::Permission> Given(const std::vector<vim::Ptr<vim::Permission>>& list) {
    std::vector<auth::Permission> out;
    for (const auto& p : list) out.push_back({p->entity, p->principal, p->group, p->role_id, p->propagate});
    return out;
}

// Those on entities that the caller may look at.
PermissionList Visible(const Call& c, const std::vector<auth::Permission>& list) {
    PermissionList out;
    for (const auth::Permission& p : list)
        if (c.Check(p.entity, "System.Read")) out.push_back(auth::AsData(p));
    return out;
}

vim::Result<PermissionList> OnEntity(const Call& c, const call::RetrieveEntityPermissions& r,
                                     auth::Authorization& authorization) {
    CHECK(c.Check(r.entity, "System.Read"));
    TRY(list, authorization.On(r.entity, r.inherited));
    PermissionList out;
    for (const auth::Permission& p : list) out.push_back(auth::AsData(p));
    return out;
}

vim::Result<PermissionList> WithRole(const Call& c, int role, auth::Authorization& authorization) {
    TRY(list, authorization.WithRole(role));
    return Visible(c, list);
}

vim::Result<auth::SessionPtr> Named(const auth::Sessions& sessions, const std::string& key) {
    if (auto session = sessions.FindByKey(key)) return session;
    return vim::Fault(vim::InvalidArgument("sessionId"), "there is no session of that key");
}

vim::Result<std::vector<vim::BoolElement>> HasOn(const call::HasPrivilegeOnEntity& r,
                                                 auth::Authorization& authorization, const auth::Sessions& sessions) {
    TRY(session, Named(sessions, r.session_id));
    std::vector<vim::BoolElement> out;
    for (const std::string& id : r.priv_id) out.push_back({authorization.Allows(session->who, r.entity, id)});
    return out;
}

vim::Result<std::vector<vim::Ptr<vim::EntityPrivilege>>> HasOnAll(const call::HasPrivilegeOnEntities& r,
                                                                  auth::Authorization& authorization,
                                                                  const auth::Sessions& sessions) {
    TRY(session, Named(sessions, r.session_id));
    std::vector<vim::Ptr<vim::EntityPrivilege>> out;
    for (const vim::Ref& entity : r.entity) {
        vim::EntityPrivilege row;
        row.entity = entity;
        for (const std::string& id : r.priv_id) {
            vim::PrivilegeAvailability cell;
            cell.priv_id = id;
            cell.is_granted = authorization.Allows(session->who, entity, id);
            row.priv_availability.push_back(std::move(cell));
        }
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace

void ServeAuthorization(Dispatch& dispatch, auth::Authorization& a, const auth::Sessions& sessions) {
    dispatch.On<call::AddAuthorizationRole>(
        [&a](Call& c, const call::AddAuthorizationRole& r) { return a.AddRole(c.session->who, r.name, r.priv_ids); });
    dispatch.On<call::UpdateAuthorizationRole>([&a](Call& c, const call::UpdateAuthorizationRole& r) {
        return a.UpdateRole(c.session->who, r.role_id, r.new_name, r.priv_ids);
    });
    dispatch.On<call::RemoveAuthorizationRole>([&a](Call& c, const call::RemoveAuthorizationRole& r) {
        return a.RemoveRole(c.session->who, r.role_id, r.fail_if_used);
    });
    dispatch.On<call::MergePermissions>([&a](Call& c, const call::MergePermissions& r) {
        return a.MergePermissions(c.session->who, r.src_role_id, r.dst_role_id);
    });
    dispatch.On<call::SetEntityPermissions>([&a](Call& c, const call::SetEntityPermissions& r) {
        return a.Set(c.session->who, r.entity, Given(r.permission));
    });
    dispatch.On<call::ResetEntityPermissions>([&a](Call& c, const call::ResetEntityPermissions& r) {
        return a.Reset(c.session->who, r.entity, Given(r.permission));
    });
    dispatch.On<call::RemoveEntityPermission>([&a](Call& c, const call::RemoveEntityPermission& r) {
        return a.Remove(c.session->who, r.entity, r.user, r.is_group);
    });
    dispatch.On<call::RetrieveEntityPermissions>(
        [&a](Call& c, const call::RetrieveEntityPermissions& r) { return OnEntity(c, r, a); });
    dispatch.On<call::RetrieveRolePermissions>(
        [&a](Call& c, const call::RetrieveRolePermissions& r) { return WithRole(c, r.role_id, a); });
    dispatch.On<call::RetrieveAllPermissions>(
        [&a](Call& c, const call::RetrieveAllPermissions&) -> vim::Result<PermissionList> {
            return Visible(c, a.permissions().All());
        });
    dispatch.On<call::HasPrivilegeOnEntity>(
        [&](Call&, const call::HasPrivilegeOnEntity& r) { return HasOn(r, a, sessions); });
    dispatch.On<call::HasPrivilegeOnEntities>(
        [&](Call&, const call::HasPrivilegeOnEntities& r) { return HasOnAll(r, a, sessions); });
}

}  // namespace api
