// InstanceLock: one daemon per root folder. The kernel drops the lock with the process,
// however it ends, so no stale lock is ever left; the pid inside is for people.
#pragma once

#include <string>

#include "base/result.h"
#include "rt/fd.h"

namespace store {

class InstanceLock {
public:
    // Takes ROOT/run/<program>.lock, making ROOT/run. kBusy names who holds it.
    static base::Result<InstanceLock> Take(const std::string& root, const std::string& program);

private:
    explicit InstanceLock(rt::Fd fd) : fd_(std::move(fd)) {}
    rt::Fd fd_;
};

}  // namespace store
