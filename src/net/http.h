// HTTPS server: bytes in, requests out. The only file that knows Beast is parser.cpp.
//
// A handler is a coroutine that owns one exchange: it reads the body (whole or in
// pieces) and answers (whole or in pieces). When it returns without an answer the
// peer gets 500. HTTP/1.1 keep-alive, chunked both ways, Expect: 100-continue.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rt/co.h"
#include "rt/loop.h"

namespace net {

struct Header {
    std::string name, value;
};

struct RequestHead {
    std::string method;                       // "GET"
    std::string target;                       // as sent: "/folder/a%20b?dsName=x"
    std::string path;                         // decoded once, before the '?'; never has a NUL
    std::vector<Header> query;                // decoded
    std::vector<Header> headers;
    std::string peer;                         // address of the client, no port
    std::optional<std::uint64_t> length;      // Content-Length; nullopt when chunked or none

    std::string_view Get(std::string_view header) const;      // "" when absent; case-insensitive
    std::string_view Query(std::string_view name) const;      // "" when absent
    std::string_view Cookie(std::string_view name) const;     // quotes around the value removed
};

struct Response {
    int status = 200;
    std::vector<Header> headers;
    std::string body;
};

class Exchange {
public:
    virtual ~Exchange() = default;
    virtual const RequestHead& head() const = 0;

    // The whole body; kInvalid when it is larger than `limit` (answer 413 then).
    virtual rt::Co<base::Result<std::string>> ReadBody(std::size_t limit) = 0;
    // The next piece into `buffer`; 0 at the end.
    virtual rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) = 0;

    virtual rt::Co<base::Result<>> Send(Response answer) = 0;
    // An answer in pieces: the head (with `length` when it is known, else chunked), the
    // pieces, the end. With a length, exactly so many bytes must follow.
    virtual rt::Co<base::Result<>> Begin(Response head, std::optional<std::uint64_t> length) = 0;
    virtual rt::Co<base::Result<>> Write(std::string_view piece) = 0;
    virtual rt::Co<base::Result<>> End() = 0;

    // Leaves HTTP: sends `answer` (101, with its Upgrade header), and from then on bytes go
    // as they are until the handler returns, which ends the connection.
    virtual rt::Co<base::Result<>> Upgrade(Response answer);
    virtual rt::Co<base::Result<std::size_t>> ReadRaw(std::span<char> buffer,
                                                      std::chrono::milliseconds longest);   // 0: the end
    virtual rt::Co<base::Result<>> WriteRaw(std::string bytes);

    virtual void Cut() {}                     // ends the connection now; who waits for it is woken

    // True once the peer has closed the connection; a long poll looks at it when woken.
    // Both are blind until the body has been read: the end of the stream comes behind it.
    virtual bool gone() const = 0;
    // Called once, on the loop, when the peer closes while a handler waits.
    virtual void OnGone(std::function<void()> call) = 0;
};

using Handler = std::function<rt::Co<void>(Exchange&)>;

struct ServerOptions {
    std::string address = "127.0.0.1";        // or "0.0.0.0", "::"
    std::uint16_t port = 0;                   // 0: any free one
    std::string certificate, key;             // PEM files
    std::size_t max_head = 16 * 1024;
    std::chrono::milliseconds head_timeout{20'000};   // from accept, or a head's first byte, to the whole head
    std::chrono::milliseconds idle_timeout{600'000};  // keep-alive without a request
    std::chrono::milliseconds stall_timeout{60'000};  // no byte of a body moved, either way
    std::size_t max_connections = 10'000;
};

// To be destroyed before the loop. All of it on the loop's thread.
class HttpsServer {
public:
    virtual ~HttpsServer() = default;
    virtual std::uint16_t port() const = 0;
    // Takes a certificate that was replaced on disk, for new connections.
    virtual base::Result<> ReloadCertificate() = 0;
    // Stops accepting, lets running exchanges end for at most `grace`, then closes all.
    virtual rt::Co<void> Shutdown(std::chrono::milliseconds grace) = 0;
    virtual std::size_t connections() const = 0;
};

// kBusy with the address and port in its words when the port is taken.
base::Result<std::unique_ptr<HttpsServer>> ListenHttps(rt::Loop& loop, ServerOptions options, Handler handler);

}  // namespace net
