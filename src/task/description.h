// TaskManager.description: the words for methods, states and reasons.
#pragma once

#include "vim/gen/task.h"

namespace task {

vim::TaskDescription Description();

}  // namespace task
