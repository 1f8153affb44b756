// A control group for each VM, where this machine lets us make one: version 2, or the
// version 1 controllers that are mounted. Where not, VMs run in ours; that is said once.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace backend::qemu {

// The folders in which a group per VM can be made: one with version 2, one per controller
// with version 1, none when we may not. `owner` keeps two hosts on one machine apart.
std::vector<std::string> FindCgroupParents(const std::string& owner);

// Makes the VM's groups, with a bound on its threads. All or nothing. `pool` is the path of
// its pool's group below the parents, or "".
base::Result<std::vector<std::string>> MakeCgroups(const std::vector<std::string>& parents, const std::string& pool,
                                                   const std::string& vm);
base::Result<> EnterCgroups(const std::vector<std::string>& groups, pid_t pid);
void RemoveCgroups(const std::vector<std::string>& groups);

// These files want one write() of the whole value, in place.
base::Result<> WriteGroupValue(const std::string& path, std::string_view value);
// Version 2: groups below may have these controllers of ours.
void OfferControllers(const std::string& group);

}  // namespace backend::qemu
