#include "net/unix_address.h"

#include <fcntl.h>
#include <sys/un.h>

#include <cerrno>

#include "base/text.h"

namespace net {

base::Result<UnixAddress> ShortAddress(const std::string& path) {
    constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
    if (path.find('\0') != std::string::npos || path.empty())
        return base::Error(base::Code::kInvalid, "a socket path is empty or has a NUL");
    if (path.size() <= kMost) return UnixAddress{path, {}};
    auto slash = path.rfind('/');
    if (slash == std::string::npos || path.size() - slash > 60)
        return base::Error(base::Code::kInvalid, "socket name is too long: " + path);
    rt::Fd folder(open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return base::FromErrno(errno, "open the folder of socket " + path);
    return UnixAddress{base::Cat("/proc/self/fd/", folder.get(), path.substr(slash)), std::move(folder)};
}

}  // namespace net
