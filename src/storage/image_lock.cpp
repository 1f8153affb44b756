#include "storage/image_lock.h"

#include <fcntl.h>

#include <cerrno>

namespace storage {
namespace {

// QEMU's bytes: a lock at 100 + n says "I use right n", at 200 + n "nobody else may".
constexpr off_t kUses = 100, kForbids = 200;
constexpr off_t kRights = 8;
constexpr off_t kWriting = 1;

struct flock At(short kind, off_t from, off_t count) {
    struct flock lock {};
    lock.l_type = kind;
    lock.l_whence = SEEK_SET;
    lock.l_start = from;
    lock.l_len = count;
    return lock;
}

bool Unknown(int number) { return number == EINVAL || number == ENOLCK || number == EOPNOTSUPP; }

base::Error Busy(const std::string& text) {
    return {base::Code::kBusy,
            text + " is in use: a virtual machine has it open, or another task works on it; try again later"};
}

}  // namespace

base::Result<> LockImage(int file, ImageUse use, const std::string& text) {
    bool writes = use == ImageUse::kWrite;
    auto lock = writes ? At(F_WRLCK, kUses, kForbids + kRights - kUses) : At(F_RDLCK, kForbids + kWriting, 1);
    if (fcntl(file, F_OFD_SETLK, &lock)) {
        if (Unknown(errno)) return {};
        if (errno == EAGAIN || errno == EACCES) return Busy(text);
        return base::FromErrno(errno, "lock " + text);
    }
    if (writes) return {};
    auto writer = At(F_WRLCK, kUses + kWriting, 1);      // somebody who writes, whatever he lets others do
    if (fcntl(file, F_OFD_GETLK, &writer) == 0 && writer.l_type != F_UNLCK) return Busy(text);
    return {};
}

}  // namespace storage
