// A server with its certificate in a folder of its own, on a loop of its own, and a way
// to speak raw bytes with it over TLS.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "net/certificate.h"
#include "net/http.h"
#include "net/https_client.h"
#include "net/tls.h"
#include "rt/loop.h"

namespace test {

using Tcp = boost::asio::ip::tcp;
inline net::SteadyTime Soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

// One TLS connection on which a test writes whatever it likes.
class RawPeer {
public:
    static rt::Co<std::unique_ptr<RawPeer>> Connect(std::uint16_t port) {
        Tcp::socket socket(co_await boost::asio::this_coro::executor);
        Tcp::endpoint server(boost::asio::ip::address_v4::loopback(), port);
        co_await socket.async_connect(server, boost::asio::use_awaitable);
        auto context = *net::ClientContext("");
        std::unique_ptr<RawPeer> peer(new RawPeer{std::move(socket), context});
        auto shaken = co_await peer->tls.Handshake(Soon());
        EXPECT_TRUE(shaken);
        co_return peer;
    }
    rt::Co<void> Say(std::string bytes) {
        (void)co_await tls.Write(bytes, std::chrono::seconds(30));   // the server may have refused already
    }
    // All that the server says until it closes.
    rt::Co<std::string> HearAll() {
        std::string heard;
        char piece[4096];
        for (;;) {
            auto got = co_await tls.Read(piece, Soon());
            if (!got || *got == 0) co_return heard;
            heard.append(piece, *got);
        }
    }
    // What it says up to and with `end`.
    rt::Co<std::string> HearUntil(std::string end) {
        std::string heard;
        char c;
        while (!heard.ends_with(end)) {
            auto got = co_await tls.Read({&c, 1}, Soon());
            if (!got || *got == 0) break;
            heard += c;
        }
        EXPECT_TRUE(heard.ends_with(end)) << heard;
        co_return heard;
    }
    net::TlsStream tls;

private:
    RawPeer(Tcp::socket socket, const net::SslContext& context)
        : tls(std::move(socket), context, net::TlsStream::kClient) {}
};

class ServerTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        std::string name = testing::TempDir() + "net-XXXXXX";
        if (!mkdtemp(name.data())) FAIL() << "no folder for the test";
        dir = name;
        ASSERT_TRUE(net::MakeCertificate(Files(), {"localhost", "127.0.0.1"}, base::SystemClock().Now()));
    }
    static void TearDownTestSuite() { std::filesystem::remove_all(dir); }

    static net::CertificateFiles Files() { return {dir + "/cert.pem", dir + "/key.pem"}; }

    void Listen(net::Handler handler) {
        options.certificate = Files().certificate;
        options.key = Files().key;
        auto listening = net::ListenHttps(loop, options, std::move(handler));
        ASSERT_TRUE(listening) << listening.error().message;
        server = std::move(*listening);
    }
    // Runs the loop until `work` has ended.
    void Run(rt::Co<void> work) {
        loop.Spawn(ThenStop(loop, std::move(work)));
        loop.Run();
    }
    net::ClientOptions Client() {
        return {.host = "127.0.0.1", .port = server->port(), .ca_file = Files().certificate};
    }
    rt::Co<std::unique_ptr<net::HttpsClient>> Connect() {
        auto client = co_await net::HttpsClient::Connect(Client());
        EXPECT_TRUE(client) << client.error().message;
        co_return std::move(*client);
    }
    // Says `bytes` and gives all that comes back until the server closes.
    rt::Co<void> Talk(std::string bytes, std::string& heard) {
        auto peer = co_await RawPeer::Connect(server->port());
        co_await peer->Say(std::move(bytes));
        heard = co_await peer->HearAll();
    }

    static std::string dir;
    rt::Loop loop;
    net::ServerOptions options;
    std::unique_ptr<net::HttpsServer> server;

private:
    static rt::Co<void> ThenStop(rt::Loop& loop, rt::Co<void> work) {
        co_await std::move(work);
        loop.Stop();
    }
};

inline std::string ServerTest::dir;

}  // namespace test
