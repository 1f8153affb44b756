#include "storage/place.h"

namespace storage {

vim::Result<vm::Located> Find(const vm::Volumes& volumes, std::string_view path, const Caller& caller,
                              std::string_view privilege) {
    TRY(place, vm::Locate(volumes.Now(), path));
    CHECK(caller.check(place.volume.datastore, privilege));
    return place;
}

static vim::Ptr<vim::MethodFault> Kind(base::Code code, const vm::DatastorePath& path) {
    const std::string file = path.Text();
    switch (code) {
        case base::Code::kNotFound: return vim::FileNotFound(file);
        case base::Code::kExists: return vim::FileAlreadyExists(file);
        case base::Code::kBusy: return vim::FileLocked(file);
        case base::Code::kNoSpace: return vim::NoDiskSpace(file, path.datastore);
        case base::Code::kCancelled: return vim::RequestCanceled();
        default: return vim::CannotAccessFile(file);
    }
}

vim::Fault FaultOf(base::Error e, const vm::DatastorePath& path) {
    return vim::Fault(Kind(e.code, path), std::move(e.message));
}

}  // namespace storage
