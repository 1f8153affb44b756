// A socket path that fits into sockaddr_un however long it is: a long one is reached
// through its opened folder, which must stay open until the call has been made.
#pragma once

#include <string>

#include "base/result.h"
#include "rt/fd.h"

namespace net {

struct UnixAddress {
    std::string path;
    rt::Fd folder;
};

base::Result<UnixAddress> ShortAddress(const std::string& path);

}  // namespace net
