// Bytes between a WebSocket and a stream, until either ends.
#pragma once

#include "net/websocket.h"
#include "rt/byte_stream.h"

namespace api {

// `first` goes to the client before anything else. On return nobody uses `stream`.
rt::Co<void> Pump(std::shared_ptr<net::WebSocket> socket, rt::ByteStreamPtr stream, std::string first);

}  // namespace api
