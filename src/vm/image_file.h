// The files of media: of CDs and floppies, and of kernels.
#pragma once

#include "vm/datastore_path.h"

namespace vm {

// It can be read, is no folder, and lies on its datastore. Blocks.
base::Result<> CheckImage(const Located& image);

}  // namespace vm
