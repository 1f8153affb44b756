// Roles: named sets of privileges. The system's have negative ids and never change;
// custom ones have positive ids, which are never given twice.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "access/privileges.h"
#include "store/config_file.h"

namespace auth {

inline constexpr int kAdmin = -1, kReadOnly = -2, kView = -3, kAnonymous = -4, kNoAccess = -5, kNoCryptoAdmin = -6;

struct Role {
    int id = 0;
    std::string name, label, summary;
    PrivilegeSet privileges;

    bool system() const { return id < 0; }
    bool grantable() const { return id != kView && id != kAnonymous; }
};

// Why a change of roles is refused, beside what base::Code says.
enum class RoleRefusal { kBadName, kNameTaken, kUnknownPrivilege, kNoSuchRole, kSystemRole };
struct RoleError {
    RoleRefusal why;
    std::string words;
};

class RoleTable {
public:
    RoleTable();                                              // the system roles
    static base::Result<RoleTable> From(const store::ConfigFile& file);
    base::Result<> WriteTo(store::ConfigFile& file) const;

    const Role* Find(int id) const;
    const Role* FindByName(std::string_view name) const;
    const std::map<int, Role>& all() const { return roles_; }

    // The System.* privileges are always among them.
    base::Result<int, RoleError> Add(std::string name, const std::vector<std::string>& privileges);
    base::Result<std::monostate, RoleError> Update(int id, std::string name,
                                                   const std::vector<std::string>& privileges);
    base::Result<std::monostate, RoleError> Remove(int id);
    base::Result<std::monostate, RoleError> MayChange(int id) const;

private:
    base::Result<std::monostate, RoleError> CheckName(std::string_view name, int but) const;

    std::map<int, Role> roles_;
    int next_id_ = 1;
};

base::Result<PrivilegeSet, RoleError> ToSet(const std::vector<std::string>& privileges);
std::vector<std::string> ToIds(const PrivilegeSet& privileges);

}  // namespace auth
