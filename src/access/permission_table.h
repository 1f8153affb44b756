// Permissions: which user or group has which role on which entity. At most one for each
// (entity, principal, user or group). Data only; who may change it is asked elsewhere.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/config_file.h"
#include "vim/value.h"

namespace auth {

struct Permission {
    vim::Ref entity;
    std::string principal;
    bool group = false;
    int role = 0;
    bool propagate = true;

    bool SameHolder(const Permission& o) const { return group == o.group && principal == o.principal; }
    friend bool operator==(const Permission&, const Permission&) = default;
};

class PermissionTable {
public:
    static base::Result<PermissionTable> From(const store::ConfigFile& file);
    base::Result<> WriteTo(store::ConfigFile& file) const;

    const std::vector<Permission>& On(const vim::Ref& entity) const;
    const Permission* Find(const vim::Ref& entity, std::string_view principal, bool group) const;
    std::vector<Permission> All() const;                       // by entity id
    std::vector<Permission> WithRole(int role) const;
    bool empty() const { return by_entity_.empty(); }
    template <class Fn> void ForEachEntity(const Fn& fn) const {
        for (const auto& [entity, list] : by_entity_) fn(entity, list);
    }

    void Put(Permission permission);                           // replaces the holder's on that entity
    bool Remove(const vim::Ref& entity, std::string_view principal, bool group);
    void RemoveEntity(const vim::Ref& entity) { by_entity_.erase(entity); }
    std::vector<Permission> RemoveIf(const std::function<bool(const Permission&)>& gone);   // what went

    // Somebody administers everything: Admin on `root`, passed on, held by a principal
    // that `counts`.
    bool HasAdmin(const vim::Ref& root, const std::function<bool(const Permission&)>& counts) const;

private:
    std::unordered_map<vim::Ref, std::vector<Permission>> by_entity_;
};

}  // namespace auth
