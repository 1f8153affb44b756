// A door for NBD clients: TLS at once (STARTTLS, nothing is told without), then the export's
// name decides which of our own NBD servers the connection is joined to. The bytes of the disk
// pass through unread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "rt/co.h"
#include "rt/fd.h"
#include "rt/loop.h"

namespace net {

struct NbdTarget {
    rt::Fd socket;                       // connected to a server that waits for the handshake
    std::string name;                    // of the export there
    std::shared_ptr<void> hold;          // goes when the connection ends
};
// Called once for each connection, with the name that the client gave, and his address.
using NbdOpen = std::function<rt::Co<base::Result<NbdTarget>>(std::string name, std::string peer)>;

struct NbdOptions {
    std::string address;
    std::uint16_t port = 0;
    std::string certificate, key;        // files
    std::size_t max_connections = 32;
};

class NbdServer {
public:
    virtual ~NbdServer() = default;      // connections are cut
    virtual std::uint16_t port() const = 0;
    virtual std::size_t connections() const = 0;
    // Ends the connections whose client gave this name, also one that is being opened.
    virtual void Cut(const std::string& name) = 0;
};
base::Result<std::unique_ptr<NbdServer>> ListenNbd(rt::Loop& loop, NbdOptions options, NbdOpen open);

}  // namespace net
