// May this caller do that to this object? And who may change the answer: roles and
// permissions, kept in one file, so that a role never goes without its permissions.
//
// The answer comes from the tables and the inventory as they are at the moment of the
// call: a change counts from the next call on.
#pragma once

#include "access/evaluate.h"
#include "access/kept_file.h"
#include "access/role_table.h"
#include "access/tree.h"
#include "event/events.h"
#include "rt/loop.h"
#include "vim/fault.h"
#include "vim/gen/access.h"

namespace auth {

// Whether a user or group exists, and whether anybody can log in by it.
struct Directory {
    virtual ~Directory() = default;
    virtual bool Exists(std::string_view principal, bool group) const = 0;
    virtual bool CanLogIn(std::string_view principal, bool group) const = 0;
    virtual std::vector<std::string> GroupsOf(std::string_view user) const = 0;
};

class Authorization {
public:
    struct Parts {
        rt::Loop& loop;
        rt::Pool& pool;
        inventory::Inventory& inventory;
        const Directory& directory;
        event::Events& events;
        vim::Ref root_folder, manager;       // "ha-folder-root", "ha-authmgr"
        std::string path;                    // of the file
    };
    explicit Authorization(Parts parts);
    ~Authorization();

    // Reads the file; a new system gives root and the console Admin on the root folder.
    // Once, before the first call; then Publish() when the inventory has its entities.
    rt::Co<base::Result<>> Load();
    // Puts the roles into the manager and each entity's permissions into the entity.
    void Publish();

    // --- asking; `who` null: nobody is logged in ---
    // NotAuthenticated or NoPermission, naming the object and the privilege.
    vim::Result<> Check(const Principal* who, const vim::Ref& object, std::string_view privilege);
    bool Allows(const Principal& who, const vim::Ref& object, std::string_view privilege);
    Roles EffectiveRoles(const Principal& who, const vim::Ref& entity);
    PrivilegeSet PrivilegesOn(const Principal& who, const vim::Ref& entity);
    bool HasAnything(const Principal& who);      // worth logging in for
    bool HasAnywhere(const Principal& who, std::string_view privilege);
    // Whoever sets another's password or groups can act as him: NoPermission when the
    // other has a privilege somewhere that `who` has not.
    vim::Result<> MayControl(const Principal& who, const Principal& other);

    const RoleTable& roles() const { return roles_; }
    const PermissionTable& permissions() const { return permissions_; }
    const Tree& tree() const { return tree_; }

    // --- roles; nobody makes or gives a role wider than his own rights ---
    rt::Co<vim::Result<int>> AddRole(Principal who, std::string name, std::vector<std::string> privileges);
    rt::Co<vim::Result<>> UpdateRole(Principal who, int id, std::string name, std::vector<std::string> privileges);
    rt::Co<vim::Result<>> RemoveRole(Principal who, int id, bool fail_if_used);
    rt::Co<vim::Result<>> MergePermissions(Principal who, int from, int to);

    // --- permissions ---
    rt::Co<vim::Result<>> Set(Principal who, vim::Ref entity, std::vector<Permission> permissions);
    rt::Co<vim::Result<>> Reset(Principal who, vim::Ref entity, std::vector<Permission> permissions);
    rt::Co<vim::Result<>> Remove(Principal who, vim::Ref entity, std::string principal, bool group);
    // What is in force on an entity: its own, or with `inherited` those of each holder's
    // nearest entity.
    vim::Result<std::vector<Permission>> On(const vim::Ref& entity, bool inherited) const;
    vim::Result<std::vector<Permission>> WithRole(int role) const;
    // For an account that is removed: AuthMinimumAdminPermission when nobody would be left.
    vim::Result<> MayForget(std::string_view principal, bool group) const;
    rt::Co<vim::Result<>> Forget(Principal who, std::string principal, bool group);

private:
    struct State {
        RoleTable roles;
        PermissionTable permissions;
    };
    struct Known {                               // about one principal, while the tables stay
        Grants grants;
        InheritedCache inherited;
        std::unordered_set<vim::Ref> seen;
        inventory::Version inherited_at = 0, seen_at = 0;
        bool seen_valid = false;
    };
    Known& Know(const Principal& who);
    Roles RolesFor(Known& known, const vim::Ref& entity);
    PrivilegeSet Union(const Roles& roles) const;
    bool Seen(Known& known, const vim::Ref& entity);

    rt::Co<vim::Result<>> Save(State next);      // then it is in force, and published
    vim::Result<> KeepsAdmin(const PermissionTable& next) const;
    vim::Result<> NotWider(const Principal& who, const vim::Ref& entity, const PrivilegeSet& wanted);
    vim::Result<> MayChangePermissions(const Principal& who, const vim::Ref& entity);
    vim::Result<> CheckGiven(const Principal& who, const vim::Ref& entity, std::vector<Permission>& given);
    void PublishRoles();
    void PublishPermissions(const std::vector<vim::Ref>& entities);
    void PostPermissionEvents(const PermissionTable& before, const std::vector<vim::Ref>& entities,
                              const std::string& user);
    void PostRoleEvent(vim::Ptr<vim::RoleEvent> event, int id, const std::string& name, const std::string& user);
    void FollowInventory();
    rt::Co<void> ForgetEntity(vim::Ref entity);

    Parts parts_;
    Tree tree_;
    KeptFile file_;
    RoleTable roles_;
    PermissionTable permissions_;
    std::unordered_map<std::string, Known> known_;
    inventory::Version followed_ = 0;
    bool published_ = false;
    int watch_ = 0;
};

vim::Permission AsData(const Permission& permission);
vim::AuthorizationRole AsData(const Role& role);

}  // namespace auth
