#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/log.h"
#include "base/text.h"
#include "net/connection.h"

namespace net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

// Out of descriptors, say: the log is told, and the loop not kept busy.
static rt::Co<void> RestAfter(error_code error) {
    base::LogWarning("net", "cannot take a connection: " + error.message());
    co_await rt::Sleep(std::chrono::milliseconds(200));
}

static rt::Co<void> AcceptAll(rt::Loop& loop, std::shared_ptr<ServerState> server) {
    bool full = false;
    while (server->acceptor.is_open()) {
        auto [error, socket] = co_await server->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (!server->acceptor.is_open()) co_return;
        if (error == asio::error::connection_aborted) continue;
        if (error) {
            co_await RestAfter(error);
            continue;
        }
        bool was_full = std::exchange(full, server->connections.size() >= server->options.max_connections);
        if (full && !was_full)
            base::LogWarning("net", base::Cat(server->connections.size(), " connections: no more are taken"));
        if (full) continue;   // the socket closes here
        loop.Spawn(Connection::Run(std::make_shared<Connection>(server, std::move(socket))));
    }
}

// One timer for the deadlines of all connections.
static rt::Co<void> CutTheLate(std::shared_ptr<ServerState> server) {
    const ServerOptions& o = server->options;
    auto tick = std::min({o.head_timeout, o.idle_timeout, o.stall_timeout}) / 4;
    tick = std::clamp<std::chrono::milliseconds>(tick, std::chrono::milliseconds(5), std::chrono::seconds(1));
    while (server->acceptor.is_open() || !server->connections.empty()) {
        if (server->connections.empty()) co_await server->changed.Wait();
        else co_await rt::Sleep(tick);
        auto now = steady_clock::now();
        for (Connection* connection : server->connections) connection->CutIfLate(now);
    }
}

static void StopAccepting(ServerState& server) {
    server.closing = true;
    error_code ignored;
    server.acceptor.close(ignored);
    server.changed.Notify();
}

// A handler that is told of the end may destroy connections, so never while iterating.
template <class Choose> static void CutThose(ServerState& server, Choose choose) {
    std::vector<Connection*> chosen;
    for (Connection* connection : server.connections)
        if (choose(*connection)) chosen.push_back(connection);
    for (Connection* connection : chosen)
        if (server.connections.contains(connection)) connection->Cut();
}

static rt::Co<void> UntilEmpty(std::shared_ptr<ServerState> server, std::chrono::milliseconds most) {
    auto end = steady_clock::now() + most;
    while (!server->connections.empty() && steady_clock::now() < end)
        co_await server->changed.WaitFor(std::chrono::ceil<base::Duration>(end - steady_clock::now()));
}

static rt::Co<void> ShutDown(std::shared_ptr<ServerState> server, std::chrono::milliseconds grace) {
    StopAccepting(*server);
    CutThose(*server, [](Connection& c) { return !c.busy(); });
    co_await UntilEmpty(server, grace);
    CutThose(*server, [](Connection&) { return true; });
    co_await UntilEmpty(server, std::chrono::seconds(1));   // their coroutines notice
}

namespace {

class Server final : public HttpsServer {
public:
    explicit Server(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}
    ~Server() override {
        StopAccepting(*state_);
        CutThose(*state_, [](Connection&) { return true; });
    }

    std::uint16_t port() const override {
        error_code ignored;
        return state_->acceptor.local_endpoint(ignored).port();
    }
    base::Result<> ReloadCertificate() override {
        TRY(context, ServerContext(state_->options.certificate, state_->options.key));
        state_->context = std::move(context);
        return {};
    }
    rt::Co<void> Shutdown(std::chrono::milliseconds grace) override { return ShutDown(state_, grace); }
    std::size_t connections() const override { return state_->connections.size(); }

private:
    std::shared_ptr<ServerState> state_;
};

}  // namespace

static base::Error CannotListen(const ServerOptions& options, error_code error) {
    std::string where = base::Cat("listen on ", options.address, " port ", options.port);
    if (error == asio::error::address_in_use)
        return base::Error(
            base::Code::kBusy,
            base::Cat(where, ": another program has this port; `ss -ltnp 'sport = :", options.port, "'` names it"));
    return base::FromErrno(error.value(), where);
}

static error_code OpenPort(Tcp::acceptor& acceptor, const asio::ip::address& address, std::uint16_t port) {
    error_code error;
    Tcp::endpoint endpoint(address, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(false), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(4096, error);
    return error;
}

base::Result<std::unique_ptr<HttpsServer>> ListenHttps(rt::Loop& loop, ServerOptions options, Handler handler) {
    auto state = std::make_shared<ServerState>(loop);
    TRY(context, ServerContext(options.certificate, options.key));
    error_code error;
    auto address = asio::ip::make_address(options.address, error);
    if (error) return base::Error(base::Code::kInvalid, "listen: \"" + options.address + "\" is no IP address");
    if (auto failed = OpenPort(state->acceptor, address, options.port)) return CannotListen(options, failed);
    state->context = std::move(context);
    state->options = std::move(options);
    state->handler = std::move(handler);
    loop.Spawn(AcceptAll(loop, state));
    loop.Spawn(CutTheLate(state));
    return std::unique_ptr<HttpsServer>(std::make_unique<Server>(std::move(state)));
}

}  // namespace net
