// The lock that QEMU takes on the images it has open, taken by us while a task works on a
// disk: a machine that is powered on meanwhile is refused by QEMU, and a task by a machine
// that some other host agent runs. The inventory is asked first; this is what holds when
// it does not know, or changes.
//
// It goes with the last descriptor of the open file, also when we are killed.
#pragma once

#include "base/result.h"

namespace storage {

enum class ImageUse {
    kRead,     // others may read
    kWrite,    // nobody else
};

// kBusy when a machine has it open. `text` names the file, for words. Takes nothing where
// the file system knows no locks.
base::Result<> LockImage(int file, ImageUse use, const std::string& text);

}  // namespace storage
