// A WebSocket that a client opened with us: its handshake, messages both ways, pings, and a
// proper end.
//
// One coroutine reads, any may write. The handler that accepted it keeps its Exchange, and
// awaits End() before it returns: nothing of the WebSocket uses the exchange after that.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/websocket_frame.h"
#include "rt/signal.h"

namespace net {

struct WebSocketOptions {
    std::vector<std::string> protocols;          // ours, by preference
    std::size_t max_message = 1 << 20;           // from the client
    bool text = false;                           // ours to it: text, not binary
    std::chrono::milliseconds ping_every{20'000};      // and a peer that is silent three times as long is gone
    std::vector<Header> headers;                 // with the 101
};

// Whether a browser's page on `origin` is one of ours: it came from the host that the
// request itself names. Programs send no Origin; they are no page, and hold a ticket.
bool IsOwnOrigin(const RequestHead& head);
// kInvalid: it asks for no WebSocket, or for one that we do not speak.
base::Result<> CheckHandshake(const RequestHead& head);

class WebSocket : public std::enable_shared_from_this<WebSocket> {
public:
    // kInvalid, kDenied: nothing was answered yet, and the words say why.
    static rt::Co<base::Result<std::shared_ptr<WebSocket>>> Accept(Exchange& exchange, WebSocketOptions options);

    // The next bytes of a message; several calls give a long one. "" at the end, after
    // which close_code() says how.
    rt::Co<base::Result<std::string>> Read();
    rt::Co<base::Result<>> Write(std::string bytes);     // one message
    // Says why it ends, gives the peer a moment to answer, then lets go. Wakes the reader.
    rt::Co<void> Close(int code, std::string reason);
    // Closes, if nobody has, and waits until nobody uses the exchange any more.
    rt::Co<void> End();
    int close_code() const { return code_; }

private:
    WebSocket(Exchange& exchange, WebSocketOptions options);
    static rt::Co<void> Ping(std::shared_ptr<WebSocket> self);
    static rt::Co<void> SayGoodbye(std::shared_ptr<WebSocket> self, std::string payload);
    rt::Co<base::Result<>> Put(FrameKind kind, std::string payload);
    rt::Co<base::Result<bool>> Handle(Frame frame, std::string& data);
    struct Use;                                          // somebody is inside

    Exchange& exchange_;
    WebSocketOptions options_;
    FrameReader frames_;
    std::string in_;                                     // came in, not looked at
    int code_ = close_code::kNone, users_ = 0;
    bool writing_ = false, closing_ = false, close_sent_ = false, over_ = false;
    rt::Signal changed_;
};

}  // namespace net
