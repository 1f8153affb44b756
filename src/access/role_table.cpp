#include "access/role_table.h"

#include "access/kept_file.h"
#include "base/text.h"

namespace auth {
namespace {

using base::Cat;

constexpr std::string_view kSection = "role ";
constexpr std::string_view kBasic[] = {"System.Anonymous", "System.Read", "System.View"};

PrivilegeSet Basic() {
    PrivilegeSet out;
    for (std::string_view id : kBasic) out.set(*PrivilegeIndex(id));
    return out;
}

PrivilegeSet Everything(std::string_view but_group) {
    PrivilegeSet out;
    auto all = AllPrivileges();
    for (std::size_t i = 0; i < all.size(); ++i) out.set(i, all[i].group != but_group);
    return out;
}

PrivilegeSet Without(PrivilegeSet set, std::string_view id) { return set.reset(*PrivilegeIndex(id)); }

RoleError NoRole(int id) { return {RoleRefusal::kNoSuchRole, Cat("there is no role ", id)}; }

}  // namespace

base::Result<PrivilegeSet, RoleError> ToSet(const std::vector<std::string>& privileges) {
    PrivilegeSet out = Basic();
    for (const std::string& id : privileges) {
        auto index = PrivilegeIndex(id);
        if (!index) return RoleError{RoleRefusal::kUnknownPrivilege, Cat("there is no privilege \"", id, "\"")};
        out.set(*index);
    }
    return out;
}

std::vector<std::string> ToIds(const PrivilegeSet& privileges) {
    std::vector<std::string> out;
    auto all = AllPrivileges();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (privileges[i]) out.push_back(all[i].id);
    return out;
}

RoleTable::RoleTable() {
    PrivilegeSet anonymous = Without(Without(Basic(), "System.Read"), "System.View");
    for (Role role :
         {Role{kAdmin, "Admin", "Administrator", "Full access rights", Everything("")},
          Role{kReadOnly, "ReadOnly", "Read-only", "See details of objects, but not make changes", Basic()},
          Role{kView, "View", "View", "Visibility access (cannot be granted)", Without(Basic(), "System.Read")},
          Role{kAnonymous, "Anonymous", "Anonymous", "Not logged-in user (cannot be granted)", anonymous},
          Role{kNoAccess, "NoAccess", "No access", "Used for restricting granted access", {}},
          Role{kNoCryptoAdmin, "NoCryptoAdmin", "No cryptography administrator",
               "Full access without Cryptographic operations privileges", Everything("Cryptographer")}}) {
        int id = role.id;
        roles_.emplace(id, std::move(role));
    }
}

base::Result<RoleTable> RoleTable::From(const store::ConfigFile& file) {
    RoleTable out;
    for (const std::string& section : file.Sections()) {
        if (!section.starts_with(kSection)) continue;
        auto id = base::ToInt(std::string_view(section).substr(kSection.size()));
        std::string name = file.Get(section, "name", ""), words = file.Get(section, "privileges", "");
        if (!id || *id < 1 || *id > INT32_MAX - 1) return BadEntry(file, section, "a role's number is positive");
        if (auto good = out.CheckName(name, 0); !good) return BadEntry(file, section, good.error().words);
        std::vector<std::string> ids;
        for (std::string_view word : base::Split(words, ' '))
            if (!word.empty()) ids.emplace_back(word);
        auto set = ToSet(ids);
        if (!set) return BadEntry(file, section, set.error().words);
        int key = static_cast<int>(*id);
        out.roles_.emplace(key, Role{key, name, name, name, *set});
        out.next_id_ = std::max(out.next_id_, key + 1);
    }
    // Kept apart, so that the number of a removed role does not come back.
    if (auto next = base::ToInt(file.Get("roles", "next id", "1")); next && *next > out.next_id_ && *next < INT32_MAX)
        out.next_id_ = static_cast<int>(*next);
    return out;
}

base::Result<> RoleTable::WriteTo(store::ConfigFile& file) const {
    EraseSections(file, kSection, [this](std::string_view rest) {
        auto id = base::ToInt(rest);
        return id && Find(static_cast<int>(*id));
    });
    CHECK(file.Set("roles", "next id", std::to_string(next_id_)));
    for (const auto& [id, role] : roles_) {
        if (role.system()) continue;
        std::string words;
        for (const std::string& privilege : ToIds(role.privileges)) words += (words.empty() ? "" : " ") + privilege;
        CHECK(file.Set(Cat(kSection, id), "name", role.name));
        CHECK(file.Set(Cat(kSection, id), "privileges", words));
    }
    return {};
}

const Role* RoleTable::Find(int id) const {
    auto it = roles_.find(id);
    return it == roles_.end() ? nullptr : &it->second;
}

const Role* RoleTable::FindByName(std::string_view name) const {
    for (const auto& [id, role] : roles_)
        if (role.name == name) return &role;
    return nullptr;
}

base::Result<std::monostate, RoleError> RoleTable::CheckName(std::string_view name, int but) const {
    if (base::Trim(name).empty() || name.size() > 255 || name.find('\0') != name.npos)
        return RoleError{RoleRefusal::kBadName, "a role needs a name of at most 255 characters"};
    if (const Role* same = FindByName(name); same && same->id != but)
        return RoleError{RoleRefusal::kNameTaken, Cat("there is a role \"", name, "\" already")};
    return {};
}

base::Result<std::monostate, RoleError> RoleTable::MayChange(int id) const {
    const Role* role = Find(id);
    if (!role) return NoRole(id);
    if (role->system())
        return RoleError{RoleRefusal::kSystemRole,
                         Cat("the role ", role->name, " belongs to the system and cannot be changed")};
    return {};
}

base::Result<int, RoleError> RoleTable::Add(std::string name, const std::vector<std::string>& privileges) {
    CHECK(CheckName(name, 0));
    TRY(set, ToSet(privileges));
    int id = next_id_++;
    roles_.emplace(id, Role{id, name, name, name, set});
    return id;
}

base::Result<std::monostate, RoleError> RoleTable::Update(int id, std::string name,
                                                          const std::vector<std::string>& privileges) {
    CHECK(MayChange(id));
    CHECK(CheckName(name, id));
    TRY(set, ToSet(privileges));
    roles_[id] = Role{id, name, name, name, set};
    return {};
}

base::Result<std::monostate, RoleError> RoleTable::Remove(int id) {
    CHECK(MayChange(id));
    roles_.erase(id);
    return {};
}

}  // namespace auth
