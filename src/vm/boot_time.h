// When a VM that runs now was started, kept where a restart of ours finds it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace vm {

std::string BootTimeFile(const std::string& scratch, const std::string& id);
base::Result<> SaveBootTime(const std::string& file, base::Time at);     // blocks, as the next
std::optional<base::Time> LoadBootTime(const std::string& file);

}  // namespace vm
