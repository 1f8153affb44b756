#include "store/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"

namespace store {

using base::Cat;

base::Result<rt::Fd> OpenFile(const std::string& path, int flags, unsigned mode) {
    int fd = open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) return base::FromErrno(errno, Cat("open ", path));
    return rt::Fd(fd);
}

base::Result<> WriteAt(const rt::Fd& file, std::string_view bytes, std::uint64_t offset, std::string_view path) {
    while (!bytes.empty()) {
        auto n = pwrite(file.get(), bytes.data(), bytes.size(), off_t(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return base::FromErrno(errno, Cat("write ", path));
        bytes.remove_prefix(std::size_t(n));
        offset += std::uint64_t(n);
    }
    return {};
}

base::Result<> KeepCopy(const std::string& path, const std::string& copy) {
    std::string fresh = copy + ".new";
    unlink(fresh.c_str());
    if (link(path.c_str(), fresh.c_str()) != 0) return base::FromErrno(errno, Cat("keep a copy of ", path));
    if (rename(fresh.c_str(), copy.c_str()) != 0) {
        int number = errno;
        unlink(fresh.c_str());
        return base::FromErrno(number, Cat("replace ", copy));
    }
    // rename() does nothing when both are names of one file already.
    unlink(fresh.c_str());
    return {};
}

base::Result<std::string> KeepDamaged(const std::string& path) {
    for (int n = 1; n < 1000; ++n) {
        std::string aside = Cat(path, ".damaged-", n);
        if (link(path.c_str(), aside.c_str()) == 0) return aside;
        if (errno != EEXIST) return base::FromErrno(errno, Cat("keep damaged ", path, " as ", aside));
    }
    return base::Error(base::Code::kExists,
                       Cat("there are 999 damaged copies of ", path, "; remove those you do not need"));
}

}  // namespace store
