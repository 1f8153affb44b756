#include "net/connection.h"

#include <sys/socket.h>

#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"

namespace net {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// A client may send requests ahead of our answers; beyond this it has to wait.
constexpr std::size_t kMostAhead = 64 * 1024;

const std::string& ServerState::Date() {
    if (std::time_t now = std::time(nullptr); now != date_of) {
        date_of = now;
        date = HttpDate(base::Time(std::chrono::seconds(now)));
    }
    return date;
}

static std::string AddressOf(const asio::ip::tcp::socket& socket) {
    boost::system::error_code error;
    auto address = socket.remote_endpoint(error).address();
    if (error) return "";
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return address.to_string();
}

Connection::Connection(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket)
    : server_(std::move(server)), stream_(std::move(socket), server_->context, TlsStream::kServer) {
    peer_ = AddressOf(stream_.socket());
    server_->connections.insert(this);
    server_->changed.Notify();
}

Connection::~Connection() {
    server_->connections.erase(this);
    server_->changed.Notify();
}

rt::Co<void> Connection::Run(std::shared_ptr<Connection> self) {
    auto end = co_await self->Serve();
    if (!end) base::LogDebug("net", self->peer_ + ": " + end.error().message);
    self->BecomeGone();
    self->on_gone_ = nullptr;
    co_await self->stream_.Finish();
}

// Somebody typed http:// for our port. Said in clear, since that is what they speak.
static void AnswerInClear(int socket) {
    constexpr std::string_view kWords =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 46\r\nConnection: close\r\n\r\n"
        "This port speaks HTTPS: use https:// instead.\n";
    (void)send(socket, kWords.data(), kWords.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

rt::Co<base::Result<>> Connection::Serve() {
    auto shaken = co_await stream_.Handshake(steady_clock::now() + server_->options.head_timeout);
    if (!shaken && stream_.plain_http()) AnswerInClear(stream_.socket().native_handle());
    if (!shaken) co_return shaken;

    for (bool first = true; !server_->closing; first = false) {
        if (!co_await ReadRequest(first)) break;
        busy_ = true;
        co_await server_->handler(*this);
        auto finished = co_await FinishExchange();
        busy_ = false;
        on_gone_ = nullptr;
        if (!finished) co_return finished;
        if (!keep_alive_) break;
        co_await rt::Yield();   // a peer that asks again at once takes turns with the others
    }
    co_return base::Result<>{};
}

// False: there is no (further) request that can be served.
rt::Co<bool> Connection::ReadRequest(bool first) {
    auto parser = std::make_unique<MessageParser>(MessageParser::kRequest, server_->options.max_head);
    keep_alive_ = false;
    auto read = co_await AwaitHead(*parser, first);
    if (!read) {
        if (stream_.open()) co_await Refuse(std::move(read).error());
        co_return false;
    }
    base::Error why(base::Code::kInvalid, "");
    bool chunked = parser->head().chunked;
    if (!Understand(std::move(parser->head()), why)) {
        co_await Refuse(std::move(why));
        co_return false;
    }
    if (chunked) chunks_ = std::move(parser);
    else chunks_.reset();
    co_return true;
}

rt::Co<base::Result<>> Connection::AwaitHead(MessageParser& parser, bool first) {
    const ServerOptions& options = server_->options;
    auto deadline = steady_clock::now() + (first || !unread().empty() ? options.head_timeout : options.idle_timeout);
    bool begun = !unread().empty();
    for (;;) {
        while (!begun && unread().starts_with("\r\n")) Use(2);   // old clients end a body with it
        if (!unread().empty()) {
            CO_TRY(used, parser.PutHead(unread()));
            Use(used);
            if (parser.head_done()) co_return base::Result<>{};
            if (!begun) deadline = steady_clock::now() + options.head_timeout;
            begun = true;
        } else if (!begun) {
            in_ = std::string();   // gives the memory back
            in_used_ = 0;
        }
        CO_CHECK(co_await Fill(deadline));
    }
}

bool Connection::Understand(MessageHead message, base::Error& why) {
    http10_ = message.version < 11;
    is_head_ = message.method == "HEAD";
    bool keep_alive = message.keep_alive, chunked = message.chunked;
    auto head = ToRequestHead(std::move(message));
    if (!head) {
        why = std::move(head).error();
        return false;
    }
    head_ = std::move(*head);
    head_.peer = peer_;
    keep_alive_ = keep_alive;
    body_left_ = head_.length.value_or(0);
    body_done_ = body_left_ == 0 && !chunked;
    wants_continue_ = !http10_ && !body_done_ && base::EqualNoCase(head_.Get("Expect"), "100-continue");
    answer_ = Answer::kNone;
    unsent_.clear();
    return true;
}

// What is wrong with the head, when it is the peer's fault; then the end.
rt::Co<void> Connection::Refuse(base::Error why) {
    if (why.code != base::Code::kInvalid && why.code != base::Code::kNoSpace) co_return;
    Response answer{why.code == base::Code::kNoSpace ? 431 : 400, {{"Content-Type", "text/plain"}}, why.message + "\n"};
    std::string bytes = FormatHead(answer, Framing::kLength, answer.body.size(), false, server_->Date()) + answer.body;
    (void)co_await Put(bytes);
}

// Gets more bytes behind unread(), waiting for them if need be.
rt::Co<base::Result<>> Connection::Fill(SteadyTime deadline) {
    for (;;) {
        int count = stream_.ReadNow(server_->scratch);
        if (count > 0) {
            in_.append(server_->scratch.data(), static_cast<std::size_t>(count));
            co_return base::Result<>{};
        }
        if (count == TlsStream::kEnded) co_return base::Error(base::Code::kIo, "the peer closed the connection");
        CO_CHECK(co_await stream_.AwaitReadable(deadline));
    }
}

void Connection::Use(std::size_t count) {
    in_used_ += count;
    if (in_used_ < in_.size()) return;
    in_.clear();
    in_used_ = 0;
}

void Connection::Cut() {
    stream_.Close();
    BecomeGone();
}

bool Connection::gone() const {
    const_cast<Connection*>(this)->LookForEnd();
    return gone_;
}

void Connection::OnGone(std::function<void()> call) {
    on_gone_ = std::move(call);
    LookForEnd();
    if (!gone_) Watch();
}

// Once the body is in, what comes next is a further request or the end. The request is
// kept for later; to see the end we have to read.
void Connection::LookForEnd() {
    if (!body_done_ || gone_) return;
    while (in_.size() - in_used_ < kMostAhead) {
        int count = stream_.ReadNow(server_->scratch);
        if (count == TlsStream::kNothing) return;
        if (count == TlsStream::kEnded) return BecomeGone();
        in_.append(server_->scratch.data(), static_cast<std::size_t>(count));
    }
}

void Connection::Watch() {
    if (watching_ || !body_done_ || !on_gone_ || in_.size() - in_used_ >= kMostAhead) return;
    watching_ = true;
    stream_.OnReadable([weak = weak_from_this()](boost::system::error_code error) {
        if (auto self = weak.lock()) self->Watched(!error);
    });
}

void Connection::Watched(bool readable) {
    watching_ = false;
    if (!readable || !busy_) return;
    LookForEnd();
    Watch();
}

void Connection::BecomeGone() {
    if (gone_) return;
    gone_ = true;
    if (auto call = std::exchange(on_gone_, nullptr)) call();
}

}  // namespace net
