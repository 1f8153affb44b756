#include "access/permission_table.h"

#include <algorithm>
#include <set>

#include "access/kept_file.h"
#include "access/role_table.h"
#include "base/text.h"

namespace auth {
namespace {

// [on Folder ha-folder-root]
// user root = -1 propagate
constexpr std::string_view kSection = "on ", kUser = "user ", kGroup = "group ";
constexpr std::string_view kPlain = " \\@:/+$,";

std::string SectionOf(const vim::Ref& entity) {
    return base::Cat(kSection, entity.type->name, ' ', base::PercentEncode(entity.id, kPlain));
}
std::string KeyOf(const Permission& p) {
    return base::Cat(p.group ? kGroup : kUser, base::PercentEncode(p.principal, kPlain));
}

std::optional<vim::Ref> ParseEntity(std::string_view section) {
    if (!section.starts_with(kSection)) return std::nullopt;
    section.remove_prefix(kSection.size());
    auto blank = section.find(' ');
    const vim::Type* type = vim::FindType(section.substr(0, blank));
    auto id = blank == section.npos ? std::nullopt : base::PercentDecode(section.substr(blank + 1));
    if (!type || type->kind != vim::Kind::kManaged || !id) return std::nullopt;
    return vim::Ref{type, *id};
}

std::optional<Permission> ParseEntry(std::string_view key, std::string_view value) {
    Permission p;
    p.group = key.starts_with(kGroup);
    if (!p.group && !key.starts_with(kUser)) return std::nullopt;
    auto name = base::PercentDecode(key.substr(p.group ? kGroup.size() : kUser.size()));
    auto blank = value.find(' ');
    auto role = base::ToInt(value.substr(0, blank));
    std::string_view how = blank == value.npos ? "" : base::Trim(value.substr(blank));
    if (!name || name->empty() || !role || (how != "propagate" && how != "here")) return std::nullopt;
    p.principal = *name;
    p.role = static_cast<int>(*role);
    p.propagate = how == "propagate";
    return p;
}

}  // namespace

base::Result<PermissionTable> PermissionTable::From(const store::ConfigFile& file) {
    PermissionTable out;
    for (const std::string& section : file.Sections()) {
        if (!section.starts_with(kSection)) continue;
        auto entity = ParseEntity(section);
        if (!entity) return BadEntry(file, section, "a section is named [on TYPE ID]");
        for (const auto& [key, value] : file.Entries(section)) {
            auto permission = ParseEntry(key, value);
            if (!permission)
                return BadEntry(file, section,
                                base::Cat("\"", key, " = ", value,
                                          "\" is not like \"user NAME = ROLE propagate\" or \"... here\""));
            permission->entity = *entity;
            out.Put(*std::move(permission));
        }
    }
    return out;
}

base::Result<> PermissionTable::WriteTo(store::ConfigFile& file) const {
    EraseSections(file, kSection, [this](std::string_view rest) {
        auto entity = ParseEntity(base::Cat(kSection, rest));
        return entity && by_entity_.contains(*entity);
    });
    for (const auto& [entity, list] : by_entity_) {
        std::string section = SectionOf(entity);
        for (const auto& [key, value] : file.Entries(section)) file.Erase(section, key);
        for (const Permission& p : list)
            CHECK(file.Set(section, KeyOf(p), base::Cat(p.role, p.propagate ? " propagate" : " here")));
    }
    return {};
}

const std::vector<Permission>& PermissionTable::On(const vim::Ref& entity) const {
    static const std::vector<Permission> none;
    auto it = by_entity_.find(entity);
    return it == by_entity_.end() ? none : it->second;
}

const Permission* PermissionTable::Find(const vim::Ref& entity, std::string_view principal, bool group) const {
    for (const Permission& p : On(entity))
        if (p.group == group && p.principal == principal) return &p;
    return nullptr;
}

std::vector<Permission> PermissionTable::All() const {
    std::vector<Permission> out;
    for (const auto& [entity, list] : by_entity_) out.insert(out.end(), list.begin(), list.end());
    std::stable_sort(out.begin(), out.end(),
                     [](const Permission& a, const Permission& b) { return a.entity < b.entity; });
    return out;
}

std::vector<Permission> PermissionTable::WithRole(int role) const {
    std::vector<Permission> out = All();
    std::erase_if(out, [role](const Permission& p) { return p.role != role; });
    return out;
}

void PermissionTable::Put(Permission permission) {
    auto& list = by_entity_[permission.entity];
    for (Permission& p : list) {
        if (!p.SameHolder(permission)) continue;
        p = std::move(permission);
        return;
    }
    list.push_back(std::move(permission));
}

bool PermissionTable::Remove(const vim::Ref& entity, std::string_view principal, bool group) {
    return !RemoveIf([&](const Permission& p) {
                return p.entity == entity && p.group == group && p.principal == principal;
            }).empty();
}

std::vector<Permission> PermissionTable::RemoveIf(const std::function<bool(const Permission&)>& gone) {
    std::vector<Permission> out;
    for (auto it = by_entity_.begin(); it != by_entity_.end();) {
        for (const Permission& p : it->second)
            if (gone(p)) out.push_back(p);
        std::erase_if(it->second, gone);
        it = it->second.empty() ? by_entity_.erase(it) : std::next(it);
    }
    return out;
}

bool PermissionTable::HasAdmin(const vim::Ref& root, const std::function<bool(const Permission&)>& counts) const {
    const auto& list = On(root);
    return std::any_of(list.begin(), list.end(),
                       [&](const Permission& p) { return p.role == kAdmin && p.propagate && counts(p); });
}

}  // namespace auth
