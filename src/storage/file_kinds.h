// The kinds of file that a browser knows, from ".vmx" to a disk whose descriptor it reads.
#pragma once

#include "storage/root.h"
#include "vim/gen/storage.h"

namespace storage {

// What a search says about one file, or null: it is of no kind that was asked for.
vim::Ptr<vim::FileInfo> Describe(const Root& root, const std::string& folder, const Entry& entry,
                                 const vim::HostDatastoreBrowserSearchSpec& spec);

}  // namespace storage
