#include "store/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "rt/files.h"
#include "store/file.h"

namespace store {

using base::Cat;

base::Result<InstanceLock> InstanceLock::Take(const std::string& root, const std::string& program) {
    std::string folder = root + "/run", path = Cat(folder, '/', program, ".lock");
    CHECK(rt::MakeDirs(folder, 0755));
    TRY(fd, OpenFile(path, O_RDWR | O_CREAT, 0644));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return base::FromErrno(errno, Cat("lock ", path));
        auto holder = rt::ReadFile(path, 4096);
        auto pid = holder ? std::string(base::Trim(*holder)) : std::string("unknown");
        return base::Error(base::Code::kBusy, Cat(program, " (pid ", pid, ") already runs on root ", root));
    }
    if (ftruncate(fd.get(), 0) != 0) return base::FromErrno(errno, Cat("write ", path));
    CHECK(WriteAt(fd, Cat(getpid(), '\n'), 0, path));
    return InstanceLock(std::move(fd));
}

}  // namespace store
