#include "net/tls.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/record_buffer.h"
#include "rt/loop.h"

namespace net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kTurn = 256 * 1024;   // bytes after which others get a turn
constexpr std::size_t kRecord = 16 * 1024;  // the most that one record holds

TlsStream::TlsStream(Tcp::socket socket, const SslContext& context, Role role)
    : socket_(std::move(socket)), ssl_(SSL_new(context.get()), SSL_free) {
    error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(Tcp::no_delay(true), ignored);
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1) {
        Close();
        return;
    }
    if (role == kServer) SSL_set_accept_state(ssl_.get());
    else SSL_set_connect_state(ssl_.get());
}

TlsStream::~TlsStream() = default;

base::Error TlsStream::Failure(std::string_view doing) {
    if (late_) return base::Error(base::Code::kTimeout, std::string(doing) + ": the peer was too slow");
    if (!open()) return base::Error(base::Code::kCancelled, std::string(doing) + ": the connection was closed here");
    broken_ = true;
    if (ERR_peek_error() == 0) return base::Error(base::Code::kIo, std::string(doing) + ": the peer is gone");
    return SslError(doing);
}

rt::Co<base::Result<>> TlsStream::WaitFor(int outcome, std::string_view doing) {
    int wanted = SSL_get_error(ssl_.get(), outcome);
    bool write = wanted == SSL_ERROR_WANT_WRITE;
    if (!write && wanted != SSL_ERROR_WANT_READ) co_return Failure(doing);
    unyielded_ = 0;
    auto event = write ? Tcp::socket::wait_write : Tcp::socket::wait_read;
    auto [error] = co_await socket_.async_wait(event, kTuple);
    if (error || !open()) co_return Failure(doing);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> TlsStream::Handshake(SteadyTime deadline) {
    read_deadline_ = deadline;
    for (;;) {
        if (!open()) co_return Failure("TLS handshake");
        ERR_clear_error();
        int outcome = SSL_do_handshake(ssl_.get());
        if (outcome == 1) break;
        plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
        CO_CHECK(co_await WaitFor(outcome, "TLS handshake"));
    }
    read_deadline_ = SteadyTime::max();
    co_return base::Result<>{};
}

int TlsStream::ReadNow(std::span<char> buffer) {
    if (!open() || broken_) return kEnded;
    ERR_clear_error();
    int outcome = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (outcome > 0) return outcome;
    int wanted = SSL_get_error(ssl_.get(), outcome);
    if (wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE) return kNothing;
    if (wanted != SSL_ERROR_ZERO_RETURN) broken_ = true;
    return kEnded;
}

rt::Co<base::Result<>> TlsStream::AwaitReadable(SteadyTime deadline) {
    if (!open() || broken_) co_return Failure("read");
    read_deadline_ = deadline;
    auto [error] = co_await socket_.async_wait(Tcp::socket::wait_read, kTuple);
    read_deadline_ = SteadyTime::max();
    if (error || !open()) co_return Failure("read");
    co_return base::Result<>{};
}

rt::Co<base::Result<std::size_t>> TlsStream::Read(std::span<char> buffer, SteadyTime deadline) {
    co_await TakeTurns();
    for (;;) {
        if (!open() || broken_) co_return Failure("read");
        ERR_clear_error();
        int outcome = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
        if (outcome > 0) {
            std::size_t got = static_cast<std::size_t>(outcome);
            while (got < buffer.size() && SSL_has_pending(ssl_.get()) && (outcome = ReadNow(buffer.subspan(got))) > 0)
                got += static_cast<std::size_t>(outcome);   // a record is 16 KiB; more may have come
            unyielded_ += got;
            co_return got;
        }
        if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        read_deadline_ = deadline;
        auto waited = co_await WaitFor(outcome, "read");
        read_deadline_ = SteadyTime::max();
        if (!waited) co_return std::move(waited).error();
    }
}

rt::Co<base::Result<>> TlsStream::Write(std::string_view bytes, std::chrono::milliseconds stall) {
    if (bytes.size() > kRecord) co_return co_await WriteMany(bytes, stall);
    while (!bytes.empty()) {
        if (!open() || broken_) co_return Failure("write");
        ERR_clear_error();
        int outcome = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        if (outcome > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(outcome));
            unyielded_ += static_cast<std::size_t>(outcome);
            continue;
        }
        write_deadline_ = std::chrono::steady_clock::now() + stall;
        auto waited = co_await WaitFor(outcome, "write");
        write_deadline_ = SteadyTime::max();
        if (!waited) co_return std::move(waited).error();
    }
    co_await TakeTurns();
    co_return base::Result<>{};
}

// Others get one after so many bytes.
rt::Co<void> TlsStream::TakeTurns() {
    if (unyielded_ <= kTurn) co_return;
    unyielded_ = 0;
    co_await rt::Yield();
}

rt::Co<base::Result<>> TlsStream::WriteMany(std::string_view bytes, std::chrono::milliseconds stall) {
    if (!open() || broken_) co_return Failure("write");
    RecordBuffer records(ssl_.get());
    while (!bytes.empty() || !records.unsent().empty()) {
        while (!bytes.empty() && records.Wants()) {
            ERR_clear_error();
            int outcome = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), kRecord)));
            if (outcome <= 0) co_return Failure("write");
            bytes.remove_prefix(static_cast<std::size_t>(outcome));
            unyielded_ += static_cast<std::size_t>(outcome);
        }
        CO_CHECK(co_await SendNow(records, stall));
        co_await TakeTurns();
    }
    co_return base::Result<>{};
}

// Hands over what the kernel takes, after waiting until it takes some.
rt::Co<base::Result<>> TlsStream::SendNow(RecordBuffer& records, std::chrono::milliseconds stall) {
    for (;;) {
        if (!open() || broken_) co_return Failure("write");
        std::string_view unsent = records.unsent();
        ssize_t sent = send(socket_.native_handle(), unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            records.Sent(static_cast<std::size_t>(sent));
            co_return base::Result<>{};
        }
        if (errno != EAGAIN && errno != EINTR) co_return Failure("write");
        unyielded_ = 0;
        write_deadline_ = std::chrono::steady_clock::now() + stall;
        auto [error] = co_await socket_.async_wait(Tcp::socket::wait_write, kTuple);
        write_deadline_ = SteadyTime::max();
        if (error) co_return Failure("write");
    }
}

void TlsStream::StopWaiting() {
    error_code ignored;
    socket_.cancel(ignored);
}

rt::Co<void> TlsStream::Finish() {
    if (!open()) co_return;
    error_code error;
    if (!broken_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    socket_.shutdown(Tcp::socket::shutdown_send, error);
    read_deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    char waste[4096];
    for (std::size_t left = 1 << 20; !error && open() && left > sizeof waste;) {
        ssize_t got = recv(socket_.native_handle(), waste, sizeof waste, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) break;
        if (got > 0) left -= static_cast<std::size_t>(got);
        else std::tie(error) = co_await socket_.async_wait(Tcp::socket::wait_read, kTuple);
    }
    Close();
}

void TlsStream::Close() {
    error_code ignored;
    socket_.close(ignored);
}

void TlsStream::CutIfLate(SteadyTime now) {
    if (!open() || (now < read_deadline_ && now < write_deadline_)) return;
    late_ = true;
    Close();
}

}  // namespace net
