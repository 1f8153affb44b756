// Tasks of methods beside the published interface. Their answer is of a type on which clients
// that do not know it end, so it is shown to whoever asks for the task itself and to nobody
// who lists tasks.
#pragma once

#include "vim/gen/task.h"

namespace task {

inline bool IsUnpublished(const vim::TaskInfo& info) {
    return info.description_id == "VirtualDiskManager.queryVirtualDiskInfo";
}

// As lists and the history have it.
inline vim::Ptr<vim::TaskInfo> Listed(vim::Ptr<vim::TaskInfo> info) {
    if (IsUnpublished(*info)) info.Mut().result = {};
    return info;
}

}  // namespace task
