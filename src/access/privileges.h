// The privileges that exist: "VirtualMachine.Interact.PowerOn" and its like. One table
// for hosts and central servers; a host lists also those that only a central server uses.
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

inline constexpr std::size_t kMostPrivileges = 512;
using PrivilegeSet = std::bitset<kMostPrivileges>;

struct Privilege {
    std::string id;              // group + "." + name
    std::string group, name;
    bool on_parent = false;      // checked on the parent of what is removed or moved, too
};

std::span<const Privilege> AllPrivileges();              // sorted by id
std::optional<std::size_t> PrivilegeIndex(std::string_view id);

// "PowerOn" -> "Power on": what a person reads.
std::string LabelOf(std::string_view name);

}  // namespace auth
