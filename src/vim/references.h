// Every reference to a managed object that a data object holds, at any depth.
#pragma once

#include <functional>

#include "vim/value.h"

namespace vim {

// fn may change the reference; parts that others share are copied before.
void ForEachReference(DynamicData& object, const std::function<void(Ref&)>& fn);

}  // namespace vim
