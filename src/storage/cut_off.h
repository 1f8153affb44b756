// Foreign disks whose files are shorter than their own tables say: cut off while they were
// copied or uploaded. Readers of sparse forms take what is not there for zeros, so this is
// asked before anything is converted. Blocks, for as long as reading the tables takes.
#pragma once

#include "storage/disk_links.h"

namespace storage {

// kInvalid names the file, how long it is and how long it should be.
base::Result<> CheckNotCutOff(const Root& root, const DiskLink& link);
base::Result<> CheckNotCutOff(const Root& root, const std::vector<DiskLink>& links);

}  // namespace storage
