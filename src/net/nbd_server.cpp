#include "net/nbd_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "net/nbd_wire.h"
#include "net/tls.h"
#include "net/unix.h"

namespace net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;
using namespace std::chrono_literals;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr auto kHandshakeTime = 30s, kStall = 120s;

namespace {

class Connection;

struct State {
    explicit State(rt::Loop& l) : loop(l), acceptor(l.io()) {}
    rt::Loop& loop;
    Tcp::acceptor acceptor;
    SslContext context;
    NbdOptions options;
    NbdOpen open;
    std::set<Connection*> connections;
};

// Before TLS: bytes straight from the socket, never more than are looked at.
struct Plain {
    Tcp::socket& socket;
    rt::Co<base::Result<std::string>> Read(std::size_t count) {
        std::string out(count, '\0');
        auto [error, got] = co_await asio::async_read(socket, asio::buffer(out), kTuple);
        if (error) co_return base::Error{base::Code::kIo, "the client is gone"};
        co_return out;
    }
    rt::Co<base::Result<>> Write(std::string bytes) {
        auto [error, put] = co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
        if (error) co_return base::Error{base::Code::kIo, "the client is gone"};
        co_return base::Result<>{};
    }
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<State> server, Tcp::socket socket)
        : server_(std::move(server)), socket_(std::move(socket)), since_(steady_clock::now()) {
        error_code ignored;
        peer_ = socket_.remote_endpoint(ignored).address().to_string();
        server_->connections.insert(this);
    }
    ~Connection() { server_->connections.erase(this); }

    static rt::Co<void> Run(std::shared_ptr<Connection> self) {
        co_await rt::Detach(Watch(self));
        auto done = co_await self->Serve();
        if (!done) base::LogInfo("nbd", base::Cat(self->peer_, ": ", done.error().message));
        self->Cut();
    }
    const std::string& ticket() const { return ticket_; }
    void Cut() {
        error_code ignored;
        socket_.close(ignored);
        if (tls_) tls_->Close();
        if (inner_) inner_->Close();
        ended_ = true;
    }

private:
    // Cuts what is late, until it ends.
    static rt::Co<void> Watch(std::weak_ptr<Connection> weak) {
        for (;;) {
            co_await rt::Sleep(1s);
            auto self = weak.lock();
            if (!self || self->ended_) co_return;
            if (self->tls_) self->tls_->CutIfLate(steady_clock::now());
            if (!self->inner_ && steady_clock::now() > self->since_ + 2 * kHandshakeTime) self->Cut();
        }
    }

    rt::Co<base::Result<>> Serve() {
        CO_CHECK(co_await UntilTls());
        CO_CHECK(co_await Options());
        co_return co_await Relay();
    }

    rt::Co<base::Result<>> UntilTls() {
        Plain plain{socket_};
        CO_CHECK(co_await plain.Write(std::string(nbd::kGreeting) + std::string("\0\3", 2)));
        CO_TRY(flags, co_await plain.Read(4));
        if ((nbd::Number(flags, 0) & 1) == 0)
            co_return base::Error{base::Code::kInvalid, "an NBD client that is too old"};
        for (int options = 0; options < 8; ++options) {
            CO_TRY(bytes, co_await plain.Read(nbd::kOptionHead));
            auto head = nbd::ParseOptionHead(bytes);
            if (!head) co_return base::Error{base::Code::kInvalid, "no NBD client"};
            CO_TRY(data, co_await plain.Read(head->length));
            if (head->option == nbd::kExportName || head->option == nbd::kAbort)
                co_return base::Error{base::Code::kDenied, "a client that does not want TLS"};
            bool tls = head->option == nbd::kStartTls;
            CO_CHECK(co_await plain.Write(nbd::ReplyText(head->option, tls ? nbd::kAck : nbd::kTlsRequired)));
            if (!tls) continue;
            tls_ = std::make_unique<TlsStream>(std::move(socket_), server_->context, TlsStream::kServer);
            co_return co_await tls_->Handshake(steady_clock::now() + kHandshakeTime);
        }
        co_return base::Error{base::Code::kDenied, "a client that does not ask for TLS"};
    }

    rt::Co<base::Result<std::string>> Read(std::size_t count, SteadyTime deadline) {
        std::string out(count, '\0');
        for (std::size_t have = 0; have < count;) {
            CO_TRY(got, co_await tls_->Read(std::span<char>(out).subspan(have), deadline));
            if (got == 0) co_return base::Error{base::Code::kIo, "the client ended"};
            have += got;
        }
        co_return out;
    }

    rt::Co<base::Result<>> Answer(std::uint32_t option, std::uint32_t reply, std::string words = {}) {
        std::string text = nbd::ReplyText(option, reply, words);
        co_return co_await tls_->Write(text, kHandshakeTime);
    }

    // Until the client has named a disk that it may have; what it says after that goes on.
    rt::Co<base::Result<>> Options() {
        for (int options = 0; options < 32; ++options) {
            CO_TRY(bytes, co_await Read(nbd::kOptionHead, steady_clock::now() + kHandshakeTime));
            auto head = nbd::ParseOptionHead(bytes);
            if (!head) co_return base::Error{base::Code::kInvalid, "it breaks the protocol"};
            CO_TRY(data, co_await Read(head->length, steady_clock::now() + kHandshakeTime));
            if (nbd::HasName(head->option)) co_return co_await Join(head->option, std::move(data));
            bool abort = head->option == nbd::kAbort, structured = head->option == nbd::kStructuredReply;
            structured_ |= structured;
            std::uint32_t reply = abort || structured          ? nbd::kAck
                                  : head->option == nbd::kList ? nbd::kPolicy
                                                               : nbd::kUnsupported;
            CO_CHECK(co_await Answer(head->option, reply));
            if (abort) co_return base::Error{base::Code::kCancelled, "the client left"};
        }
        co_return base::Error{base::Code::kInvalid, "a client that asks and asks"};
    }

    rt::Co<base::Result<>> Join(std::uint32_t option, std::string data) {
        auto name = nbd::NameIn(option, data);
        if (!name) co_return base::Error{base::Code::kInvalid, "it breaks the protocol"};
        ticket_ = *name;
        auto target = co_await server_->open(*name, peer_);
        if (ended_) co_return base::Error{base::Code::kCancelled, "it was cut off"};
        if (!target) {
            if (option != nbd::kExportName) (void)co_await Answer(option, nbd::kUnknown, target.error().message);
            co_return std::move(target).error();
        }
        target_ = *std::move(target);
        CO_TRY(inner, UnixStream::Adopt(server_->loop, std::move(target_.socket)));
        inner_ = std::make_unique<UnixStream>(std::move(inner));
        CO_CHECK(co_await Greet());
        std::string text = nbd::OptionText(option, nbd::WithName(option, data, target_.name));
        co_return co_await inner_->Write(std::move(text));
    }

    rt::Co<base::Result<std::string>> ReadInner(std::size_t count) {
        std::string out(count, '\0');
        for (std::size_t have = 0; have < count;) {
            CO_TRY(got, co_await inner_->ReadSome(std::span<char>(out).subspan(have)));
            if (got == 0) co_return base::Error{base::Code::kIo, "the disk's process ended"};
            have += got;
        }
        co_return out;
    }

    // With our server as if we were the client, so far as the client has come with us.
    rt::Co<base::Result<>> Greet() {
        CO_TRY(greeting, co_await ReadInner(nbd::kGreeting.size() + 2));
        if (!greeting.starts_with(nbd::kGreeting))
            co_return base::Error{base::Code::kInternal, "the disk's server is none"};
        CO_CHECK(co_await inner_->Write(std::string("\0\0\0\3", 4)));
        if (!structured_) co_return base::Result<>{};
        CO_CHECK(co_await inner_->Write(nbd::OptionText(nbd::kStructuredReply, {})));
        CO_TRY(reply, co_await ReadInner(nbd::kReplyHead));
        if (nbd::Number(reply, 12) != nbd::kAck)
            co_return base::Error{base::Code::kInternal, "the disk's server is too old"};
        co_return base::Result<>{};
    }

    static rt::Co<void> Outward(std::shared_ptr<Connection> self) {
        std::string buffer(256 * 1024, '\0');
        for (;;) {
            auto got = co_await self->inner_->ReadSome(buffer);
            if (!got || *got == 0) break;
            if (!co_await self->tls_->Write(std::string_view(buffer).substr(0, *got), kStall)) break;
        }
        self->Cut();
    }

    // More options may come, each with the ticket as the name; then requests.
    rt::Co<base::Result<>> Relay() {
        co_await rt::Detach(Outward(shared_from_this()));
        for (;;) {
            CO_TRY(first, co_await Read(4, SteadyTime::max()));
            if (nbd::Number(first, 0) == nbd::kRequestMagic) {
                CO_CHECK(co_await inner_->Write(std::move(first)));
                break;
            }
            CO_TRY(rest, co_await Read(nbd::kOptionHead - 4, steady_clock::now() + kHandshakeTime));
            auto head = nbd::ParseOptionHead(first + rest);
            if (!head) co_return base::Error{base::Code::kInvalid, "it breaks the protocol"};
            CO_TRY(data, co_await Read(head->length, steady_clock::now() + kHandshakeTime));
            if (nbd::HasName(head->option)) {
                auto name = nbd::NameIn(head->option, data);
                if (!name || *name != ticket_) co_return base::Error{base::Code::kDenied, "it asks for another disk"};
                data = nbd::WithName(head->option, data, target_.name);
            }
            CO_CHECK(co_await inner_->Write(nbd::OptionText(head->option, data)));
        }
        std::string buffer(256 * 1024, '\0');
        for (;;) {
            CO_TRY(got, co_await tls_->Read(buffer, SteadyTime::max()));
            if (got == 0) co_return base::Result<>{};
            CO_CHECK(co_await inner_->Write(buffer.substr(0, got)));
        }
    }

    std::shared_ptr<State> server_;
    Tcp::socket socket_;
    SteadyTime since_;
    std::string peer_, ticket_;
    std::unique_ptr<TlsStream> tls_;
    std::unique_ptr<UnixStream> inner_;
    NbdTarget target_;
    bool structured_ = false, ended_ = false;
};

rt::Co<void> AcceptAll(std::shared_ptr<State> server) {
    while (server->acceptor.is_open()) {
        auto [error, socket] = co_await server->acceptor.async_accept(kTuple);
        if (!server->acceptor.is_open()) co_return;
        if (error) co_await rt::Sleep(200ms);
        if (error || server->connections.size() >= server->options.max_connections) continue;
        server->loop.Spawn(Connection::Run(std::make_shared<Connection>(server, std::move(socket))));
    }
}

class Server final : public NbdServer {
public:
    explicit Server(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~Server() override {
        error_code ignored;
        state_->acceptor.close(ignored);
        auto all = state_->connections;
        for (Connection* connection : all) connection->Cut();
    }
    std::uint16_t port() const override {
        error_code ignored;
        return state_->acceptor.local_endpoint(ignored).port();
    }
    std::size_t connections() const override { return state_->connections.size(); }
    void Cut(const std::string& name) override {
        for (Connection* connection : state_->connections)
            if (connection->ticket() == name) connection->Cut();
    }

private:
    std::shared_ptr<State> state_;
};

}  // namespace

base::Result<std::unique_ptr<NbdServer>> ListenNbd(rt::Loop& loop, NbdOptions options, NbdOpen open) {
    auto state = std::make_shared<State>(loop);
    TRY(context, ServerContext(options.certificate, options.key));
    error_code error;
    auto address = asio::ip::make_address(options.address, error);
    if (error) return base::Error{base::Code::kInvalid, "\"" + options.address + "\" is no IP address"};
    Tcp::endpoint endpoint(address, options.port);
    state->acceptor.open(endpoint.protocol(), error);
    if (!error) state->acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) state->acceptor.set_option(asio::ip::v6_only(false), error);
    if (!error) state->acceptor.bind(endpoint, error);
    if (!error) state->acceptor.listen(64, error);
    if (error) return base::FromErrno(error.value(), base::Cat("listen on ", options.address, " port ", options.port));
    state->context = std::move(context);
    state->options = std::move(options);
    state->open = std::move(open);
    loop.Spawn(AcceptAll(state));
    return std::unique_ptr<NbdServer>(std::make_unique<Server>(std::move(state)));
}

}  // namespace net
