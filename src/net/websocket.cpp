#include "net/websocket.h"

#include "base/text.h"
#include "rt/loop.h"

namespace net {
namespace {

constexpr auto kGoodbye = std::chrono::seconds(2);

bool HasToken(std::string_view list, std::string_view token) {
    for (std::string_view one : base::Split(list, ','))
        if (base::EqualNoCase(base::Trim(one), token)) return true;
    return false;
}

std::string_view Agreed(std::string_view offered, const std::vector<std::string>& ours) {
    for (const std::string& protocol : ours)
        for (std::string_view one : base::Split(offered, ','))
            if (base::Trim(one) == protocol) return protocol;
    return {};
}

base::Error Invalid(std::string words) { return {base::Code::kInvalid, std::move(words)}; }

}  // namespace

bool IsOwnOrigin(const RequestHead& head) {
    std::string_view origin = head.Get("Origin"), host = head.Get("Host");
    if (origin.empty()) return true;
    constexpr std::string_view kScheme = "https://";
    if (!origin.starts_with(kScheme)) return false;
    origin.remove_prefix(kScheme.size());
    auto bare = [](std::string_view name) { return name.ends_with(":443") ? name.substr(0, name.size() - 4) : name; };
    return !host.empty() && base::EqualNoCase(bare(origin), bare(host));
}

base::Result<> CheckHandshake(const RequestHead& head) {
    if (head.method != "GET" || !HasToken(head.Get("Upgrade"), "websocket") ||
        !HasToken(head.Get("Connection"), "upgrade"))
        return Invalid("this address is for WebSockets: GET with Upgrade: websocket");
    if (head.Get("Sec-WebSocket-Version") != "13")
        return Invalid("only version 13 of the WebSocket protocol is spoken here");
    auto key = base::Unbase64(head.Get("Sec-WebSocket-Key"));
    if (!key || key->size() != 16) return Invalid("the Sec-WebSocket-Key is not one");
    return {};
}

// Counts who is inside, so that End() can wait for them.
struct WebSocket::Use {
    explicit Use(WebSocket& socket) : socket(socket) { ++socket.users_; }
    ~Use() {
        --socket.users_;
        socket.changed_.Notify();
    }
    WebSocket& socket;
};

WebSocket::WebSocket(Exchange& exchange, WebSocketOptions options)
    : exchange_(exchange), options_(std::move(options)), frames_(options_.max_message) {}

rt::Co<base::Result<std::shared_ptr<WebSocket>>> WebSocket::Accept(Exchange& exchange, WebSocketOptions options) {
    const RequestHead& head = exchange.head();
    CO_CHECK(CheckHandshake(head));
    if (!IsOwnOrigin(head))
        co_return base::Error(base::Code::kDenied,
                              base::Cat("a page of ", head.Get("Origin"), " may not open a WebSocket of this host"));
    Response answer{101, options.headers, {}};
    answer.headers.push_back({"Upgrade", "websocket"});
    answer.headers.push_back({"Sec-WebSocket-Accept", AcceptKey(head.Get("Sec-WebSocket-Key"))});
    std::string_view protocol = Agreed(head.Get("Sec-WebSocket-Protocol"), options.protocols);
    if (!protocol.empty()) answer.headers.push_back({"Sec-WebSocket-Protocol", std::string(protocol)});
    CO_CHECK(co_await exchange.Upgrade(std::move(answer)));
    std::shared_ptr<WebSocket> socket(new WebSocket(exchange, std::move(options)));
    co_await rt::Detach(Ping(socket));
    co_return socket;
}

rt::Co<base::Result<>> WebSocket::Put(FrameKind kind, std::string payload) {
    auto self = shared_from_this();
    Use use(*this);
    while (writing_ && !over_) co_await changed_.Wait();
    if (over_ || (close_sent_ && kind != FrameKind::kClose))
        co_return base::Error(base::Code::kIo, "the WebSocket has ended");
    if (kind == FrameKind::kClose) close_sent_ = true;
    writing_ = true;
    std::string bytes = FrameHead(kind, payload.size()) + payload;
    auto put = co_await exchange_.WriteRaw(std::move(bytes));
    writing_ = false;
    if (!put) {
        over_ = true;
        exchange_.Cut();
    }
    changed_.Notify();
    co_return put;
}

rt::Co<base::Result<>> WebSocket::Write(std::string bytes) {
    return Put(options_.text ? FrameKind::kText : FrameKind::kBinary, std::move(bytes));
}

// A live peer answers a ping, so Read() hears something at least this often.
rt::Co<void> WebSocket::Ping(std::shared_ptr<WebSocket> self) {
    Use use(*self);
    auto every = std::chrono::duration_cast<base::Duration>(self->options_.ping_every);
    auto next = std::chrono::steady_clock::now() + every;
    while (!self->over_ && !self->close_sent_) {
        auto left = std::chrono::ceil<base::Duration>(next - std::chrono::steady_clock::now());
        if (left > base::Duration::zero()) {
            co_await self->changed_.WaitFor(left);
            continue;
        }
        next += every;
        (void)co_await self->Put(FrameKind::kPing, {});
    }
}

// False: that was the end.
rt::Co<base::Result<bool>> WebSocket::Handle(Frame frame, std::string& data) {
    switch (frame.kind) {
        case FrameKind::kPing: (void)co_await Put(FrameKind::kPong, std::move(frame.payload)); co_return true;
        case FrameKind::kPong: co_return true;
        case FrameKind::kClose: {
            code_ = CodeIn(frame.payload);
            int echo = code_ == close_code::kNone ? close_code::kNormal : code_;
            if (!close_sent_) (void)co_await Put(FrameKind::kClose, ClosePayload(echo, {}));
            over_ = true;
            changed_.Notify();
            co_return false;
        }
        default: data = std::move(frame.payload); co_return true;
    }
}

rt::Co<base::Result<std::string>> WebSocket::Read() {
    auto self = shared_from_this();
    Use use(*this);
    std::string data;
    while (!over_) {
        auto used = frames_.Put(in_);
        if (!used) {
            bool big = used.error().code == base::Code::kNoSpace;
            code_ = big ? close_code::kTooBig : close_code::kProtocol;
            if (!close_sent_) (void)co_await Put(FrameKind::kClose, ClosePayload(code_, used.error().message));
            over_ = true;
            changed_.Notify();
            co_return std::move(used).error();
        }
        in_.erase(0, *used);
        if (auto frame = frames_.Take()) {
            CO_TRY(go_on, co_await Handle(*std::move(frame), data));
            if (!go_on) co_return std::string();
            if (!data.empty() && !close_sent_) co_return data;
            continue;
        }
        char piece[16 * 1024];
        auto got = co_await exchange_.ReadRaw(piece, options_.ping_every * 3);
        if (!got || *got == 0) {
            over_ = true;
            changed_.Notify();
            if (!got) co_return std::move(got).error();
            co_return std::string();
        }
        in_.append(piece, *got);
    }
    co_return std::string();
}

rt::Co<void> WebSocket::SayGoodbye(std::shared_ptr<WebSocket> self, std::string payload) {
    (void)co_await self->Put(FrameKind::kClose, std::move(payload));
}

// A peer that reads nothing cannot be told why, and does not keep it open either.
rt::Co<void> WebSocket::Close(int code, std::string reason) {
    auto self = shared_from_this();
    Use use(*this);
    if (!std::exchange(closing_, true) && !close_sent_ && !over_) {
        code_ = code;
        co_await rt::Detach(SayGoodbye(self, ClosePayload(code, reason)));
    }
    auto end = std::chrono::steady_clock::now() + kGoodbye;
    while (!over_) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (left <= base::Duration::zero()) break;
        co_await changed_.WaitFor(left);
    }
    if (!over_) exchange_.Cut();
    over_ = true;
    changed_.Notify();
}

rt::Co<void> WebSocket::End() {
    auto self = shared_from_this();
    if (!over_) {
        if (!close_sent_) (void)co_await Put(FrameKind::kClose, ClosePayload(close_code::kNormal, {}));
        over_ = true;
    }
    changed_.Notify();
    // Who only waits goes by himself; who is stuck in reading or writing has to be cut off.
    for (int turns = 0; users_ > 0 && turns < 4; ++turns) co_await rt::Yield();
    if (users_ > 0) exchange_.Cut();
    while (users_ > 0) co_await changed_.Wait();
}

}  // namespace net
