// The local users and groups, as data. A change makes a new table; Accounts writes it to
// the file before it counts.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/config_file.h"

namespace auth {

inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kConsole = "dcui";         // what the console acts as; no login
inline constexpr std::string_view kCentral = "vpxuser";      // made when a central server manages the host

struct User {
    std::string name;
    std::string hash = "*";          // "*": no password opens it
    int id = 0;
    bool shell = false;
    std::string description;
};

struct Group {
    std::string name;
    int id = 0;
    std::string description;
    std::set<std::string> members;
};

// What CreateUser, UpdateUser and CreateGroup may say; unset stays as it is.
struct AccountSpec {
    std::string name;
    std::optional<std::string> password, description;
    std::optional<int> id;
    std::optional<bool> shell;
};

class AccountTable {
public:
    static AccountTable ForNewSystem();          // root and the console's account, both without a password
    static base::Result<AccountTable> From(const store::ConfigFile& file);
    base::Result<> WriteTo(store::ConfigFile& file) const;

    const User* FindUser(std::string_view name) const;
    const Group* FindGroup(std::string_view name) const;
    const std::map<std::string, User, std::less<>>& users() const { return users_; }
    const std::map<std::string, Group, std::less<>>& groups() const { return groups_; }
    std::vector<std::string> GroupsOf(std::string_view user) const;

    // kExists, kNotFound, kInvalid (a bad name or id), kDenied (an account that must stay).
    base::Result<> CreateUser(const AccountSpec& spec, std::string hash);
    base::Result<> UpdateUser(const AccountSpec& spec, std::optional<std::string> hash);
    base::Result<> RemoveUser(std::string_view name);
    base::Result<> CreateGroup(const AccountSpec& spec);
    base::Result<> RemoveGroup(std::string_view name);
    base::Result<> Assign(std::string_view user, std::string_view group);
    base::Result<> Unassign(std::string_view user, std::string_view group);

private:
    base::Result<int> UserId(std::optional<int> wanted, std::string_view user) const;
    base::Result<int> GroupId(std::optional<int> wanted) const;
    base::Result<> ReadUser(const store::ConfigFile& file, const std::string& section);
    base::Result<> ReadGroup(const store::ConfigFile& file, const std::string& section);

    std::map<std::string, User, std::less<>> users_;
    std::map<std::string, Group, std::less<>> groups_;
};

// Kept for the system: nobody creates, edits or removes these by the API.
bool IsReserved(std::string_view name);

}  // namespace auth
