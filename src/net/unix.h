// Unix sockets: streams of bytes or lines, passed descriptors, and who is at the other
// end. Used for QMP and for the tools on this host.
//
// One reader and one writer at a time. Destroying or closing a stream wakes both with
// kCancelled. Paths may be longer than the 107 bytes that the kernel takes.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rt/co.h"
#include "rt/fd.h"
#include "rt/loop.h"

namespace net {

struct PeerCredentials {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

class UnixStream {
public:
    // kNotFound: no such file. kDenied: nobody listens, or we may not. kTimeout: it is full.
    static rt::Co<base::Result<UnixStream>> Connect(std::string path, base::Duration timeout);
    // Takes over a connected socket, such as one end of a socketpair.
    static base::Result<UnixStream> Adopt(rt::Loop& loop, rt::Fd socket);
    // The same on the loop of the coroutine that calls it.
    static rt::Co<base::Result<UnixStream>> AdoptHere(rt::Fd socket);

    UnixStream(UnixStream&&) noexcept;
    UnixStream& operator=(UnixStream&&) noexcept;
    ~UnixStream();

    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer);   // 0: the peer closed
    // Without its "\n" or "\r\n". kIo when the peer closed, kInvalid when longer than `limit`.
    rt::Co<base::Result<std::string>> ReadLine(std::size_t limit);
    rt::Co<base::Result<>> Write(std::string bytes);
    // `bytes` (at least one) with descriptors attached to the first. `fds` stay open with us.
    rt::Co<base::Result<>> SendFds(std::string bytes, std::vector<int> fds);
    base::Result<PeerCredentials> Peer() const;
    void Close();

private:
    friend class UnixListener;
    struct Rep;
    explicit UnixStream(std::shared_ptr<Rep> rep);
    static base::Result<> Take(Rep& rep, rt::Fd socket);
    std::shared_ptr<Rep> rep_;
};

class UnixListener {
public:
    // Replaces a socket file that nobody listens on; kBusy when somebody does.
    static base::Result<UnixListener> Listen(rt::Loop& loop, const std::string& path, mode_t mode);

    UnixListener(UnixListener&&) noexcept;
    UnixListener& operator=(UnixListener&&) noexcept;
    ~UnixListener();                                     // removes the file

    rt::Co<base::Result<UnixStream>> Accept();           // kCancelled after Close()
    void Close();

private:
    struct Rep;
    explicit UnixListener(std::shared_ptr<Rep> rep);
    std::shared_ptr<Rep> rep_;
};

}  // namespace net
