// vmware.log: a line per happening in the life of one VM, in its folder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vm {

inline constexpr std::int64_t kMaxLogBytes = 1 << 20;
inline constexpr int kOldLogs = 6;       // vmware-1.log is the newest of them

// Adds a line; a log that has grown large becomes vmware-1.log first. Blocks.
base::Result<> AppendLog(const std::string& folder, std::string_view line);

}  // namespace vm
