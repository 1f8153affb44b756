#include "net/unix.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

#include "net/unix_address.h"

namespace net {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using boost::system::error_code;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

static base::Error Explain(const error_code& error, std::string_view doing) {
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor)
        return base::Error(base::Code::kCancelled, std::string(doing) + ": the connection was closed here");
    if (error == asio::error::eof)
        return base::Error(base::Code::kIo, std::string(doing) + ": the peer closed the connection");
    return base::FromErrno(error.value(), doing);
}

struct UnixStream::Rep {
    explicit Rep(asio::any_io_executor executor) : socket(executor) {}
    Local::socket socket;
    std::string unread;    // came in with an earlier line

    rt::Co<base::Result<std::size_t>> ReadSome(std::shared_ptr<Rep> self, std::span<char> buffer);
    rt::Co<base::Result<std::string>> ReadLine(std::shared_ptr<Rep> self, std::size_t limit);
    rt::Co<base::Result<>> Write(std::shared_ptr<Rep> self, std::string bytes);
    rt::Co<base::Result<>> SendFds(std::shared_ptr<Rep> self, std::string bytes, std::vector<int> fds);
};

UnixStream::UnixStream(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
UnixStream::UnixStream(UnixStream&&) noexcept = default;

UnixStream& UnixStream::operator=(UnixStream&& other) noexcept {
    if (this != &other) {
        Close();
        rep_ = std::move(other.rep_);
    }
    return *this;
}

UnixStream::~UnixStream() { Close(); }

void UnixStream::Close() {
    error_code ignored;
    if (rep_) rep_->socket.close(ignored);
}

// One try that does not block; errno, or 0.
static int TryConnect(rt::Fd& socket, const std::string& short_path) {
    socket = rt::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return errno;
    Local::endpoint endpoint(short_path);
    return connect(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 ? 0 : errno;
}

// A listener whose queue is full makes connect() fail with EAGAIN instead of waiting.
static rt::Co<base::Result<rt::Fd>> ConnectWithin(std::string path, base::Duration timeout) {
    auto end = std::chrono::steady_clock::now() + timeout;
    CO_TRY(address, ShortAddress(path));
    for (;;) {
        rt::Fd socket;
        int error = TryConnect(socket, address.path);
        if (error == 0) co_return socket;
        if (error != EAGAIN) co_return base::FromErrno(error, "connect to " + path);
        if (std::chrono::steady_clock::now() >= end)
            co_return base::Error(base::Code::kTimeout, "connect to " + path + ": nobody takes the connection");
        co_await rt::Sleep(std::chrono::milliseconds(5));
    }
}

rt::Co<base::Result<UnixStream>> UnixStream::Connect(std::string path, base::Duration timeout) {
    CO_TRY(socket, co_await ConnectWithin(std::move(path), timeout));
    auto rep = std::make_shared<Rep>(co_await asio::this_coro::executor);
    rep->socket.assign(Local(), socket.Release());
    co_return UnixStream(std::move(rep));
}

base::Result<> UnixStream::Take(Rep& rep, rt::Fd socket) {
    error_code error;
    rep.socket.assign(Local(), socket.get(), error);
    if (error) return Explain(error, "take over a socket");
    socket.Release();
    return {};
}

base::Result<UnixStream> UnixStream::Adopt(rt::Loop& loop, rt::Fd socket) {
    auto rep = std::make_shared<Rep>(loop.io().get_executor());
    CHECK(Take(*rep, std::move(socket)));
    return UnixStream(std::move(rep));
}

rt::Co<base::Result<UnixStream>> UnixStream::AdoptHere(rt::Fd socket) {
    auto rep = std::make_shared<Rep>(co_await asio::this_coro::executor);
    CO_CHECK(Take(*rep, std::move(socket)));
    co_return UnixStream(std::move(rep));
}

rt::Co<base::Result<std::size_t>> UnixStream::Rep::ReadSome(std::shared_ptr<Rep> self, std::span<char> buffer) {
    if (!self->unread.empty()) {
        std::size_t count = self->unread.copy(buffer.data(), buffer.size());
        self->unread.erase(0, count);
        co_return count;
    }
    auto [error, count] = co_await self->socket.async_read_some(asio::buffer(buffer.data(), buffer.size()), kTuple);
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return Explain(error, "read from a local socket");
    co_return count;
}

rt::Co<base::Result<std::string>> UnixStream::Rep::ReadLine(std::shared_ptr<Rep> self, std::size_t limit) {
    std::size_t seen = 0;
    for (;;) {
        if (auto end = self->unread.find('\n', seen); end != std::string::npos && end <= limit) {
            std::string line = self->unread.substr(0, end);
            self->unread.erase(0, end + 1);
            if (line.ends_with('\r')) line.pop_back();
            co_return line;
        }
        seen = self->unread.size();
        if (seen > limit) co_return base::Error(base::Code::kInvalid, "read a line: it is too long");
        char piece[8192];
        auto [error, count] = co_await self->socket.async_read_some(asio::buffer(piece), kTuple);
        if (error) co_return Explain(error, "read a line from a local socket");
        self->unread.append(piece, count);
    }
}

rt::Co<base::Result<>> UnixStream::Rep::Write(std::shared_ptr<Rep> self, std::string bytes) {
    auto buffer = asio::buffer(bytes);
    auto [error, count] = co_await asio::async_write(self->socket, buffer, kTuple);
    if (error) co_return Explain(error, "write to a local socket");
    co_return base::Result<>{};
}

static ssize_t SendOnce(int socket, std::string_view bytes, const std::vector<int>& fds) {
    std::vector<char> control(CMSG_SPACE(sizeof(int) * fds.size()));
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

rt::Co<base::Result<>> UnixStream::Rep::SendFds(std::shared_ptr<Rep> self, std::string bytes, std::vector<int> fds) {
    if (bytes.empty() || fds.empty() || fds.size() > 250)
        co_return base::Error(base::Code::kInvalid, "pass descriptors: no bytes, or no or too many descriptors");
    for (;;) {
        ssize_t sent = SendOnce(self->socket.native_handle(), bytes, fds);
        if (sent > 0) {
            std::string rest = bytes.substr(static_cast<std::size_t>(sent));
            if (rest.empty()) co_return base::Result<>{};
            co_return co_await self->Write(self, std::move(rest));
        }
        if (errno == EBADF) co_return Explain(asio::error::operation_aborted, "pass descriptors");
        if (errno != EAGAIN && errno != EINTR) co_return base::FromErrno(errno, "pass descriptors");
        auto [error] = co_await self->socket.async_wait(Local::socket::wait_write, kTuple);
        if (error) co_return Explain(error, "pass descriptors");
    }
}

// The representation travels with the coroutine, so the stream may go while one waits.
rt::Co<base::Result<std::size_t>> UnixStream::ReadSome(std::span<char> buffer) { return rep_->ReadSome(rep_, buffer); }
rt::Co<base::Result<std::string>> UnixStream::ReadLine(std::size_t limit) { return rep_->ReadLine(rep_, limit); }
rt::Co<base::Result<>> UnixStream::Write(std::string bytes) { return rep_->Write(rep_, std::move(bytes)); }
rt::Co<base::Result<>> UnixStream::SendFds(std::string bytes, std::vector<int> fds) {
    return rep_->SendFds(rep_, std::move(bytes), std::move(fds));
}

base::Result<PeerCredentials> UnixStream::Peer() const {
    ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(rep_->socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return base::FromErrno(errno, "ask who is at the other end of a local socket");
    return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

struct UnixListener::Rep {
    Rep(asio::io_context& io, std::string where) : acceptor(io), path(std::move(where)) {}
    Local::acceptor acceptor;
    std::string path;

    rt::Co<base::Result<UnixStream>> Accept(std::shared_ptr<Rep> self);
};

static base::Result<> RemoveStale(const std::string& short_path, const std::string& path) {
    struct stat found;
    if (lstat(short_path.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode))
        return base::Error(base::Code::kExists, "listen on " + path + ": there is a file that is no socket");
    rt::Fd probe;
    if (TryConnect(probe, short_path) != ECONNREFUSED)
        return base::Error(base::Code::kBusy, "listen on " + path + ": another process listens there already");
    if (unlink(short_path.c_str()) != 0) return base::FromErrno(errno, "remove the old socket " + path);
    return {};
}

base::Result<UnixListener> UnixListener::Listen(rt::Loop& loop, const std::string& path, mode_t mode) {
    TRY(address, ShortAddress(path));
    CHECK(RemoveStale(address.path, path));
    auto rep = std::make_shared<Rep>(loop.io(), path);
    error_code error;
    rep->acceptor.open(Local(), error);
    mode_t before = umask(0777 & ~mode);   // from the first moment on, not only after a chmod
    if (!error) rep->acceptor.bind(Local::endpoint(address.path), error);
    umask(before);
    if (!error) rep->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Explain(error, "listen on " + path);
    return UnixListener(std::move(rep));
}

UnixListener::UnixListener(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
UnixListener::UnixListener(UnixListener&&) noexcept = default;

UnixListener& UnixListener::operator=(UnixListener&& other) noexcept {
    if (this != &other) {
        Close();
        rep_ = std::move(other.rep_);
    }
    return *this;
}

UnixListener::~UnixListener() { Close(); }

void UnixListener::Close() {
    if (!rep_ || !rep_->acceptor.is_open()) return;
    error_code ignored;
    rep_->acceptor.close(ignored);
    unlink(rep_->path.c_str());
}

rt::Co<base::Result<UnixStream>> UnixListener::Rep::Accept(std::shared_ptr<Rep> self) {
    auto rep = std::make_shared<UnixStream::Rep>(self->acceptor.get_executor());
    auto [error] = co_await self->acceptor.async_accept(rep->socket, kTuple);
    if (error) co_return Explain(error, "accept on " + self->path);
    co_return UnixStream(std::move(rep));
}

rt::Co<base::Result<UnixStream>> UnixListener::Accept() { return rep_->Accept(rep_); }

}  // namespace net
