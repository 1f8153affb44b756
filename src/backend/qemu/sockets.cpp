#include "backend/qemu/sockets.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "net/unix_address.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

base::Result<std::string> PipePath(const std::string& folder, const std::string& name) {
    std::string flat;
    for (char c : name)
        flat += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ? c : '_';
    if (flat.empty() || flat.size() > 64)
        return base::Error{base::Code::kInvalid, base::Cat('"', name, "\" is no name for a pipe (1 to 64 characters)")};
    CHECK(rt::MakeDirs(folder, 0700));
    return base::Cat(folder, "/", flat);
}

base::Result<rt::Fd> Connect(const std::string& path) {
    TRY(address, net::ShortAddress(path));
    rt::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to = {};
    to.sun_family = AF_UNIX;
    if (!socket || address.path.size() >= sizeof to.sun_path)
        return base::Error{base::Code::kInvalid, "the path is too long: " + path};
    std::memcpy(to.sun_path, address.path.data(), address.path.size());
    if (connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
        return base::FromErrno(errno, "connect to the pipe " + path);
    return socket;
}

}  // namespace

base::Result<rt::Fd> ListenAtPort(const std::string& where) {
    std::size_t space = where.find(' ');
    std::string host = where.substr(0, space), port = where.substr(std::min(where.size(), space + 1));
    addrinfo hints = {}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    int bad = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
    if (bad)
        return base::Error{base::Code::kInvalid, base::Cat("listen at ", host, ':', port, ": ", gai_strerror(bad))};
    base::Result<rt::Fd> out = base::Error{base::Code::kInvalid, "listen at " + where + ": no such address"};
    for (addrinfo* a = found; a && !out; a = a->ai_next) {
        rt::Fd socket(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol));
        int on = 1;
        if (socket) (void)setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (socket && bind(socket.get(), a->ai_addr, a->ai_addrlen) == 0 && listen(socket.get(), 1) == 0)
            out = std::move(socket);
        else out = base::FromErrno(errno, base::Cat("listen at ", host.empty() ? "*" : host, ':', port));
    }
    freeaddrinfo(found);
    return out;
}

std::string PipeFolder(const RunDir& dir) { return dir.path().substr(0, dir.path().rfind('/')) + "/pipes"; }

// Of two servers with one name only the first is one.
base::Result<rt::Fd> ListenAtPipe(const std::string& folder, const std::string& name) {
    TRY(path, PipePath(folder, name));
    if (Connect(path)) return base::Error{base::Code::kBusy, base::Cat("the pipe ", name, " has a server already")};
    unlink(path.c_str());
    return ListenAt(path);
}

base::Result<rt::Fd> ConnectToPipe(const std::string& folder, const std::string& name) {
    TRY(path, PipePath(folder, name));
    return Connect(path);
}

}  // namespace backend::qemu
