// A disk of any form that we did not make (split, sparse, compressed, a delta of VMware's
// own), as the disk server is to read it. Nothing of the content is looked at here.
//
// Every file is opened beneath the datastore first and handed on by its descriptor, so what
// was checked is what is read. Blocks.
#pragma once

#include "backend/disk_server.h"
#include "storage/disk_links.h"
#include "storage/image_lock.h"

namespace storage {

struct ForeignDisk {
    std::vector<backend::DiskLayer> layers;      // from the base up
    std::vector<rt::Fd> files;                   // what their paths stand for: keep until the server has opened them
    std::vector<std::string> names;              // of the same, for words
    std::int64_t bytes = 0;                      // what a guest sees
    std::int64_t taken = 0;                      // what its files take on the datastore

    // Puts the names of files in the place of what stands for them.
    base::Error Explain(base::Error error) const;
};

// `links` as ReadLinks() gave them: the disk first, its base last. kInvalid: not readable, as
// a raw device mapping is not; kBusy: a machine has it open.
base::Result<ForeignDisk> OpenForeign(const Root& root, const std::vector<DiskLink>& links);

// One that a machine of ours can have as it is: a flat base, or a qcow2 delta.
bool IsOurs(const Root& root, const DiskLink& link);

}  // namespace storage
