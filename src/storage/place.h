// A path that a client named, the datastore that it lies on, and what went wrong there as
// the client is told.
#pragma once

#include <functional>

#include "storage/root.h"
#include "vim/fault.h"
#include "vm/datastore_path.h"

namespace storage {

// Who asks, as far as these rules care.
struct Caller {
    std::string user;
    std::function<vim::Result<>(const vim::Ref& object, std::string_view privilege)> check;
};

inline constexpr std::string_view kBrowse = "Datastore.Browse", kManage = "Datastore.FileManagement";

// The place, once the caller may do that there.
vim::Result<vm::Located> Find(const vm::Volumes& volumes, std::string_view path, const Caller& caller,
                              std::string_view privilege);

vim::Fault FaultOf(base::Error e, const vm::DatastorePath& path);
// The same for a result, whatever is in it.
template <class T> vim::Result<T> AtPlace(base::Result<T> result, const vm::DatastorePath& path) {
    if (!result) return FaultOf(std::move(result).error(), path);
    return *std::move(result);
}

// Blocks.
inline base::Result<Root> RootOf(const vm::Volume& volume) { return Root::Open(volume.folder, volume.name); }

}  // namespace storage
