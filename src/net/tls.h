// TLS over one TCP connection, straight on the socket. Asio's own ssl::stream keeps four
// buffers of 17 KiB for each connection for as long as it lives; here an idle one keeps none.
//
// Every wait has a deadline that somebody else enforces with CutIfLate(), so that ten
// thousand connections need one timer. One reader and one writer at a time.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rt/co.h"

namespace net {

using SslContext = std::shared_ptr<SSL_CTX>;
using SteadyTime = std::chrono::steady_clock::time_point;

// TLS 1.2 and newer, forward secrecy only, HTTP/1.1 by ALPN, tickets but no session store.
base::Result<SslContext> ServerContext(const std::string& certificate_file, const std::string& key_file);
// `ca_file` empty: the peer is not verified by a chain (the caller compares a thumbprint, or trusts).
base::Result<SslContext> ClientContext(const std::string& ca_file);

base::Error SslError(std::string_view doing);            // what OpenSSL last complained of; clears its queue

class RecordBuffer;

class TlsStream {
public:
    enum Role { kServer, kClient };
    TlsStream(boost::asio::ip::tcp::socket socket, const SslContext& context, Role role);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;

    rt::Co<base::Result<>> Handshake(SteadyTime deadline);
    rt::Co<base::Result<std::size_t>> Read(std::span<char> buffer, SteadyTime deadline);   // 0: the peer ended
    rt::Co<base::Result<>> Write(std::string_view bytes, std::chrono::milliseconds stall);

    // What is there now, without waiting: kNothing, kEnded, or how many bytes.
    static constexpr int kNothing = -1, kEnded = 0;
    int ReadNow(std::span<char> buffer);
    rt::Co<base::Result<>> AwaitReadable(SteadyTime deadline);   // after kNothing
    // Calls `then` when bytes or the end may have come, or the socket was closed.
    template <class F> void OnReadable(F then) {
        socket_.async_wait(boost::asio::ip::tcp::socket::wait_read, std::move(then));
    }
    void StopWaiting();

    // Says goodbye and waits a little for the peer to do so, since closing at once would
    // make the kernel throw away what we have just answered.
    rt::Co<void> Finish();
    void Close();                                        // wakes whoever waits with kCancelled
    void CutIfLate(SteadyTime now);                      // ... with kTimeout

    bool plain_http() const { return plain_http_; }      // after a failed handshake
    bool open() const { return socket_.is_open(); }
    SSL* ssl() { return ssl_.get(); }
    boost::asio::ip::tcp::socket& socket() { return socket_; }

private:
    rt::Co<base::Result<>> WriteMany(std::string_view bytes, std::chrono::milliseconds stall);
    rt::Co<base::Result<>> SendNow(RecordBuffer& records, std::chrono::milliseconds stall);
    rt::Co<void> TakeTurns();
    // Waits for what OpenSSL asked for after `outcome`; an error when it asked for nothing.
    rt::Co<base::Result<>> WaitFor(int outcome, std::string_view doing);
    base::Error Failure(std::string_view doing);

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    SteadyTime read_deadline_ = SteadyTime::max(), write_deadline_ = SteadyTime::max();
    std::size_t unyielded_ = 0;                          // bytes moved since others had a turn
    bool late_ = false, plain_http_ = false, broken_ = false;
};

}  // namespace net
