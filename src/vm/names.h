// Names that users give.
#pragma once

#include "vim/fault.h"

namespace vm {

// 1 to 80 characters, and none that would not survive a file name or a path. `what` has the
// name, as in "a virtual machine"; `entity` is one of the inventory, or none.
vim::Result<> CheckNameOf(std::string_view what, const std::string& name, const vim::Ref& entity);

}  // namespace vm
