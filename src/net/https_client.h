// A small HTTPS client: one connection, one request after the other, kept alive. For tools
// and tests; our own daemons are behind the same certificate rules as anybody's.
//
// Destroy it only when none of its coroutines waits; Close() wakes them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "rt/co.h"

namespace net {

struct ClientOptions {
    std::string host;                         // name or address
    std::uint16_t port = 443;
    // Whom to believe; one of them must be said.
    std::string thumbprint;                   // SHA-1 or SHA-256, "AA:BB:.."
    std::string ca_file;                      // PEM; the certificate must also be for `host`
    bool believe_anybody = false;
    std::chrono::milliseconds timeout{60'000};   // for connecting, and for any wait without a byte
};

struct ClientRequest {
    std::string method = "GET", target = "/";
    std::vector<Header> headers;              // Host, length and encoding are added
    std::string body;
};

struct ClientAnswer {
    int status = 0;
    std::vector<Header> headers;
    std::string body;
    std::string_view Get(std::string_view header) const;      // "" when absent
};

class HttpsClient {
public:
    // kDenied when the certificate is not the one that we believe.
    static rt::Co<base::Result<std::unique_ptr<HttpsClient>>> Connect(ClientOptions options);
    ~HttpsClient();

    // One exchange; kInvalid when the answer is larger than `limit`.
    rt::Co<base::Result<ClientAnswer>> Ask(ClientRequest request, std::size_t limit);

    // The same in pieces. `length` nullopt: chunked. `request.body` is not used.
    rt::Co<base::Result<>> SendHead(ClientRequest request, std::optional<std::uint64_t> length);
    rt::Co<base::Result<>> Write(std::string_view piece);
    rt::Co<base::Result<>> EndBody();
    rt::Co<base::Result<ClientAnswer>> ReadHead();             // without the body; passes over 100
    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer);   // 0 at the end

    bool reusable() const;                    // the server keeps the connection
    void Close();

private:
    struct Rep;
    explicit HttpsClient(std::shared_ptr<Rep> rep);
    std::shared_ptr<Rep> rep_;
};

}  // namespace net
