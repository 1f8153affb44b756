#include <cerrno>
#include <cstring>

#include "base/result.h"

namespace base {

static Code CodeOf(int number) {
    switch (number) {
        case ENOENT:
        case ENOTDIR:
        case ESRCH:
        case ENODEV: return Code::kNotFound;
        case EEXIST: return Code::kExists;
        case EINVAL:
        case ENAMETOOLONG:
        case ELOOP:
        case EISDIR: return Code::kInvalid;
        case EACCES:
        case EPERM:
        case EROFS:
        case ECONNREFUSED: return Code::kDenied;
        case ETIMEDOUT: return Code::kTimeout;
        case EBUSY:
        case EAGAIN:
        case ETXTBSY:
        case EADDRINUSE: return Code::kBusy;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return Code::kNoSpace;
        case ECANCELED: return Code::kCancelled;
        default: return Code::kIo;
    }
}

Error FromErrno(int number, std::string_view doing) {
    return Error(CodeOf(number), std::string(doing) + ": " + std::strerror(number));
}

}  // namespace base
