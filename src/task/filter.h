// Which tasks a filter of a client means.
#pragma once

#include <string>

#include "vim/gen/task.h"

namespace task {

bool Matches(const vim::TaskFilterSpec& filter, const vim::TaskInfo& info, const std::string& lineage);

}  // namespace task
