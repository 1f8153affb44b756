#include "access/account_table.h"

#include <algorithm>

#include "access/kept_file.h"
#include "base/text.h"

namespace auth {
namespace {

using base::Cat;
using base::Code;
using base::Error;

constexpr int kFirstId = 1000, kLastId = 60000;
constexpr std::size_t kLongestName = 32, kLongestDescription = 256;

bool NameChar(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

base::Result<> CheckName(std::string_view name) {
    bool good = !name.empty() && name.size() <= kLongestName && name.front() != '-' && name.front() != '.' &&
                std::all_of(name.begin(), name.end(), NameChar) && !base::ToInt(name);
    if (!good)
        return Error{Code::kInvalid, Cat("\"", name.substr(0, 64), "\" is no account name: use 1 to ", kLongestName,
                                         " letters, digits, '_', '-' or '.', beginning with a letter, digit or '_', "
                                         "and not only digits")};
    return {};
}

base::Result<> CheckDescription(const std::optional<std::string>& text) {
    if (text && text->size() > kLongestDescription)
        return Error{Code::kInvalid, Cat("a description has at most ", kLongestDescription, " characters")};
    return {};
}

template <class M> bool HasId(const M& map, int id, std::string_view but) {
    return std::any_of(map.begin(), map.end(), [&](const auto& e) { return e.second.id == id && e.first != but; });
}

template <class M> base::Result<int> FreeId(const M& map) {
    for (int id = kFirstId; id < kLastId; ++id)
        if (!HasId(map, id, "")) return id;
    return Error{Code::kNoSpace, "all account ids are taken"};
}

base::Result<> CheckId(int id) {
    if (id < kFirstId || id > kLastId)
        return Error{Code::kInvalid, Cat("id ", id, " is not between ", kFirstId, " and ", kLastId)};
    return {};
}

Error NoUser(std::string_view name) { return {Code::kNotFound, Cat("there is no local user \"", name, "\"")}; }
Error NoGroup(std::string_view name) { return {Code::kNotFound, Cat("there is no local group \"", name, "\"")}; }

constexpr std::string_view kUser = "user ", kGroup = "group ";

}  // namespace

bool IsReserved(std::string_view name) {
    return name == kConsole || name == kCentral || name == "daemon" || name == "nobody";
}

AccountTable AccountTable::ForNewSystem() {
    AccountTable out;
    out.users_.emplace(kRoot, User{std::string(kRoot), "*", 0, true, "Administrator"});
    out.users_.emplace(kConsole, User{std::string(kConsole), "*", 100, false, "Direct console user interface"});
    out.groups_.emplace("root", Group{"root", 0, "", {"root"}});
    return out;
}

base::Result<> AccountTable::ReadUser(const store::ConfigFile& file, const std::string& section) {
    User user{.name = section.substr(kUser.size())};
    auto id = base::ToInt(file.Get(section, "id", ""));
    if (!id) return BadEntry(file, section, "\"id\" must be a number");
    user.id = static_cast<int>(*id);
    user.hash = file.Get(section, "hash", "*");
    user.shell = file.Get(section, "shell", "no") == "yes";
    user.description = file.Get(section, "description", "");
    users_.emplace(user.name, std::move(user));
    return {};
}

base::Result<> AccountTable::ReadGroup(const store::ConfigFile& file, const std::string& section) {
    Group group{.name = section.substr(kGroup.size())};
    auto id = base::ToInt(file.Get(section, "id", ""));
    if (!id) return BadEntry(file, section, "\"id\" must be a number");
    group.id = static_cast<int>(*id);
    group.description = file.Get(section, "description", "");
    std::string members = file.Get(section, "members", "");
    for (std::string_view name : base::Split(members, ' '))
        if (!name.empty()) group.members.emplace(name);
    groups_.emplace(group.name, std::move(group));
    return {};
}

base::Result<AccountTable> AccountTable::From(const store::ConfigFile& file) {
    AccountTable out;
    for (const std::string& section : file.Sections()) {
        if (section.starts_with(kUser)) {
            CHECK(out.ReadUser(file, section));
        } else if (section.starts_with(kGroup)) {
            CHECK(out.ReadGroup(file, section));
        } else return BadEntry(file, section, "sections are named [user NAME] or [group NAME]");
    }
    if (out.users_.empty() && out.groups_.empty()) return ForNewSystem();
    if (!out.FindUser(kRoot)) return BadEntry(file, "user root", "it is missing, and without it nobody may administer");
    return out;
}

base::Result<> AccountTable::WriteTo(store::ConfigFile& file) const {
    EraseSections(file, kUser, [this](std::string_view name) { return FindUser(name); });
    EraseSections(file, kGroup, [this](std::string_view name) { return FindGroup(name); });
    for (const auto& [name, user] : users_) {
        std::string section = Cat(kUser, name);
        CHECK(file.Set(section, "hash", user.hash));
        CHECK(file.Set(section, "id", std::to_string(user.id)));
        CHECK(file.Set(section, "shell", user.shell ? "yes" : "no"));
        CHECK(file.Set(section, "description", user.description));
    }
    for (const auto& [name, group] : groups_) {
        std::string section = Cat(kGroup, name), members;
        for (const std::string& member : group.members) members += (members.empty() ? "" : " ") + member;
        CHECK(file.Set(section, "id", std::to_string(group.id)));
        CHECK(file.Set(section, "description", group.description));
        CHECK(file.Set(section, "members", members));
    }
    return {};
}

const User* AccountTable::FindUser(std::string_view name) const {
    auto it = users_.find(name);
    return it == users_.end() ? nullptr : &it->second;
}

const Group* AccountTable::FindGroup(std::string_view name) const {
    auto it = groups_.find(name);
    return it == groups_.end() ? nullptr : &it->second;
}

std::vector<std::string> AccountTable::GroupsOf(std::string_view user) const {
    std::vector<std::string> out;
    for (const auto& [name, group] : groups_)
        if (group.members.contains(std::string(user))) out.push_back(name);
    return out;
}

base::Result<int> AccountTable::UserId(std::optional<int> wanted, std::string_view user) const {
    if (!wanted) return FreeId(users_);
    CHECK(CheckId(*wanted));
    if (HasId(users_, *wanted, user)) return Error{Code::kExists, Cat("user id ", *wanted, " is taken")};
    return *wanted;
}

base::Result<int> AccountTable::GroupId(std::optional<int> wanted) const {
    if (!wanted) return FreeId(groups_);
    CHECK(CheckId(*wanted));
    if (HasId(groups_, *wanted, "")) return Error{Code::kExists, Cat("group id ", *wanted, " is taken")};
    return *wanted;
}

base::Result<> AccountTable::CreateUser(const AccountSpec& spec, std::string hash) {
    CHECK(CheckName(spec.name));
    CHECK(CheckDescription(spec.description));
    if (IsReserved(spec.name) || FindUser(spec.name))
        return Error{Code::kExists, Cat("the user \"", spec.name, "\" exists already")};
    TRY(id, UserId(spec.id, ""));
    users_.emplace(spec.name,
                   User{spec.name, std::move(hash), id, spec.shell.value_or(false), spec.description.value_or("")});
    return {};
}

base::Result<> AccountTable::UpdateUser(const AccountSpec& spec, std::optional<std::string> hash) {
    auto it = users_.find(spec.name);
    if (it == users_.end()) return NoUser(spec.name);
    if (IsReserved(spec.name)) return Error{Code::kDenied, Cat("\"", spec.name, "\" belongs to the system")};
    CHECK(CheckDescription(spec.description));
    User& user = it->second;
    if (spec.id && *spec.id != user.id) {
        if (spec.name == kRoot) return Error{Code::kDenied, "the id of root stays 0"};
        TRY(id, UserId(spec.id, spec.name));
        user.id = id;
    }
    if (hash) user.hash = *std::move(hash);
    if (spec.description) user.description = *spec.description;
    if (spec.shell) user.shell = *spec.shell;
    return {};
}

base::Result<> AccountTable::RemoveUser(std::string_view name) {
    if (name == kRoot || IsReserved(name))
        return Error{Code::kDenied, Cat("the user \"", name, "\" cannot be removed")};
    auto it = users_.find(name);
    if (it == users_.end()) return NoUser(name);
    for (auto& [group, data] : groups_) data.members.erase(std::string(name));
    users_.erase(it);
    return {};
}

base::Result<> AccountTable::CreateGroup(const AccountSpec& spec) {
    CHECK(CheckName(spec.name));
    CHECK(CheckDescription(spec.description));
    if (FindGroup(spec.name)) return Error{Code::kExists, Cat("the group \"", spec.name, "\" exists already")};
    TRY(id, GroupId(spec.id));
    groups_.emplace(spec.name, Group{spec.name, id, spec.description.value_or(""), {}});
    return {};
}

base::Result<> AccountTable::RemoveGroup(std::string_view name) {
    if (name == kRoot) return Error{Code::kDenied, "the group root cannot be removed"};
    auto it = groups_.find(name);
    if (it == groups_.end()) return NoGroup(name);
    groups_.erase(it);
    return {};
}

base::Result<> AccountTable::Assign(std::string_view user, std::string_view group) {
    if (!FindUser(user)) return NoUser(user);
    auto it = groups_.find(group);
    if (it == groups_.end()) return NoGroup(group);
    if (!it->second.members.emplace(user).second)
        return Error{Code::kExists, Cat("\"", user, "\" is in the group \"", group, "\" already")};
    return {};
}

base::Result<> AccountTable::Unassign(std::string_view user, std::string_view group) {
    if (!FindUser(user)) return NoUser(user);
    auto it = groups_.find(group);
    if (it == groups_.end()) return NoGroup(group);
    if (user == kRoot && group == kRoot) return Error{Code::kDenied, "root stays in its own group"};
    if (!it->second.members.erase(std::string(user)))
        return Error{Code::kDenied, Cat("\"", user, "\" is not in the group \"", group, "\"")};
    return {};
}

}  // namespace auth
