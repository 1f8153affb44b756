// The server beyond single bytes: streams, long polls, time limits, its end.
#include <sys/socket.h>

#include "base/ids.h"
#include "base/text.h"
#include "net/https_client.h"
#include "rt/files.h"
#include "rt/signal.h"
#include "test/net/server_fixture.h"

using namespace std::chrono_literals;

namespace {

rt::Co<void> SayPath(net::Exchange& x) { (void)co_await x.Send({.body = x.head().path}); }

class HttpsServer : public test::ServerTest {};

}  // namespace

TEST_F(HttpsServer, KeepsTheConnection) {
    Listen(SayPath);
    auto talk = [this]() -> rt::Co<void> {
        auto client = co_await Connect();
        for (std::string path : {"/a", "/b", "/c"}) {
            auto answer = co_await client->Ask({.target = path}, 1000);
            EXPECT_TRUE(answer) << answer.error().message;
            EXPECT_EQ(answer->body, path);
            EXPECT_TRUE(client->reusable());
        }
        EXPECT_EQ(server->connections(), 1u);
    };
    Run(talk());
}

namespace {

constexpr std::uint64_t kMuch = 64 << 20;

// Bytes that depend on where they stand, so that a lost or doubled piece shows: random
// ones that repeat after a prime number.
const std::string& Pattern() {
    static const std::string bytes = base::RandomBytes(999'983);
    return bytes;
}
void FillFrom(std::span<char> buffer, std::uint64_t at) {
    while (!buffer.empty()) {
        std::size_t count = Pattern().copy(buffer.data(), buffer.size(), at % Pattern().size());
        buffer = buffer.subspan(count);
        at += count;
    }
}
bool IsFrom(std::span<const char> buffer, std::uint64_t at) {
    std::string want(buffer.size(), 0);
    FillFrom(want, at);
    return want == std::string_view(buffer.data(), buffer.size());
}

rt::Co<void> TakeMuch(net::Exchange& x) {
    std::vector<char> piece(100'000);
    std::uint64_t count = 0;
    for (;;) {
        auto got = co_await x.ReadSome(piece);
        if (!got || *got == 0) break;
        EXPECT_TRUE(IsFrom(std::span(piece).first(*got), count));
        count += *got;
    }
    (void)co_await x.Send({.body = std::to_string(count)});
}

rt::Co<void> GiveMuch(net::Exchange& x, bool with_length) {
    std::optional<std::uint64_t> length;
    if (with_length) length = kMuch;
    (void)co_await x.Begin({}, length);
    std::string piece(128 * 1024, 0);
    for (std::uint64_t at = 0; at < kMuch; at += piece.size()) {
        FillFrom(piece, at);
        auto put = co_await x.Write(piece);
        EXPECT_TRUE(put);
        if (!put) co_return;
    }
    EXPECT_TRUE(co_await x.End());
}

}  // namespace

class Streams : public test::ServerTest, public testing::WithParamInterface<bool> {};

TEST_P(Streams, Up) {
    Listen(TakeMuch);
    auto talk = [this]() -> rt::Co<void> {
        auto client = co_await Connect();
        std::optional<std::uint64_t> length;
        if (GetParam()) length = kMuch;
        EXPECT_TRUE(co_await client->SendHead({.method = "PUT"}, length));
        std::string piece(128 * 1024, 0);
        for (std::uint64_t at = 0; at < kMuch; at += piece.size()) {
            FillFrom(piece, at);
            EXPECT_TRUE(co_await client->Write(piece));
        }
        EXPECT_TRUE(co_await client->EndBody());
        EXPECT_TRUE(co_await client->ReadHead());
        char text[20];
        auto got = co_await client->ReadSome(text);
        EXPECT_TRUE(got);
        EXPECT_EQ(std::string(text, *got), std::to_string(kMuch));
    };
    Run(talk());
}

TEST_P(Streams, Down) {
    Listen([](net::Exchange& x) { return GiveMuch(x, GetParam()); });
    auto talk = [this]() -> rt::Co<void> {
        auto client = co_await Connect();
        EXPECT_TRUE(co_await client->SendHead({}, 0));
        auto head = co_await client->ReadHead();
        EXPECT_TRUE(head);
        EXPECT_EQ(head->Get("Content-Length"), GetParam() ? std::to_string(kMuch) : "");
        std::vector<char> piece(100'000);
        std::uint64_t count = 0;
        for (;;) {
            auto got = co_await client->ReadSome(piece);
            EXPECT_TRUE(got);
            if (!got || *got == 0) break;
            EXPECT_TRUE(IsFrom(std::span(piece).first(*got), count));
            count += *got;
        }
        EXPECT_EQ(count, kMuch);
        EXPECT_TRUE(client->reusable());
    };
    Run(talk());
}

INSTANTIATE_TEST_SUITE_P(, Streams, testing::Bool(), [](const auto& i) { return i.param ? "WithLength" : "Chunked"; });

TEST_F(HttpsServer, WatchesTheLengthThatAHandlerPromised) {
    Listen([](net::Exchange& x) -> rt::Co<void> {
        EXPECT_TRUE(co_await x.Begin({}, 4));
        EXPECT_EQ((co_await x.Write("12345")).error().code, base::Code::kInternal);
        EXPECT_EQ((co_await x.End()).error().code, base::Code::kInternal);
        EXPECT_TRUE(co_await x.Write("1234"));
        EXPECT_TRUE(co_await x.End());
        EXPECT_EQ((co_await x.Send({})).error().code, base::Code::kInternal);
    });
    auto talk = [this]() -> rt::Co<void> {
        auto client = co_await Connect();
        auto answer = co_await client->Ask({}, 100);
        EXPECT_TRUE(answer);
        EXPECT_EQ(answer->body, "1234");
    };
    Run(talk());
}

TEST_F(HttpsServer, ShowsTargetQueryCookiesAndPeer) {
    Listen([](net::Exchange& x) -> rt::Co<void> {
        const auto& h = x.head();
        std::string text = base::Cat(h.target, "|", h.path, "|", h.Query("dsName"), "|",
                                     h.Cookie("vmware_soap_session"), "|", h.Get("SOAPAction"), "|", h.peer);
        (void)co_await x.Send({.body = std::move(text)});
    });
    auto talk = [this]() -> rt::Co<void> {
        auto client = co_await Connect();
        auto answer = co_await client->Ask(
            {.target = "/folder/a%20b?dcPath=x&dsName=my+ds%2b",
             .headers = {{"Cookie", "a=1; vmware_soap_session=\"52 ;7\"; $Path=/"}, {"soapaction", "urn:vim25/4.1"}}},
            1000);
        EXPECT_TRUE(answer);
        EXPECT_EQ(answer->body,
                  "/folder/a%20b?dcPath=x&dsName=my+ds%2b|/folder/a b|my ds+|52 ;7|urn:vim25/4.1|127.0.0.1");
    };
    Run(talk());
}

// A long poll: the handler waits, the peer leaves.
TEST_F(HttpsServer, TellsAHandlerThatItsPeerIsGone) {
    rt::Signal waiting, told;
    bool before = true, after = false;
    Listen([&](net::Exchange& x) -> rt::Co<void> {
        EXPECT_TRUE(co_await x.ReadBody(10));
        before = x.gone();
        x.OnGone([&] { told.Notify(); });
        waiting.Notify();
        co_await told.Wait();
        after = x.gone();
        EXPECT_FALSE(co_await x.Send({}));
    });
    auto talk = [&]() -> rt::Co<void> {
        auto peer = co_await test::RawPeer::Connect(server->port());
        co_await peer->Say("POST /poll HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok");
        co_await waiting.Wait();
        peer->tls.Close();
        while (server->connections() > 0) co_await rt::Yield();
    };
    Run(talk());
    EXPECT_FALSE(before);
    EXPECT_TRUE(after);
}

TEST_F(HttpsServer, KeepsARequestThatComesDuringALongPoll) {
    rt::Signal waiting, go;
    Listen([&](net::Exchange& x) -> rt::Co<void> {
        if (x.head().path == "/poll") {
            x.OnGone([] { ADD_FAILURE() << "the peer is still there"; });
            waiting.Notify();
            co_await go.Wait();
            EXPECT_FALSE(x.gone());
        }
        co_await SayPath(x);
    });
    auto talk = [&]() -> rt::Co<void> {
        auto peer = co_await test::RawPeer::Connect(server->port());
        co_await peer->Say("GET /poll HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await waiting.Wait();
        co_await peer->Say("GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < 50; ++i) co_await rt::Yield();
        go.Notify();
        auto heard = co_await peer->HearAll();
        EXPECT_NE(heard.find("\r\n\r\n/poll"), std::string::npos) << heard;
        EXPECT_NE(heard.find("\r\n\r\n/next"), std::string::npos) << heard;
    };
    Run(talk());
}

struct Slow {
    const char* name;
    const char* bytes;
};
class CutsTheSlow : public test::ServerTest, public testing::WithParamInterface<Slow> {};

TEST_P(CutsTheSlow, Peer) {
    options.head_timeout = options.stall_timeout = options.idle_timeout = 20ms;
    Listen([](net::Exchange& x) -> rt::Co<void> {
        auto body = co_await x.ReadBody(1000);
        if (body) co_return co_await SayPath(x);
        EXPECT_EQ(body.error().code, base::Code::kTimeout);
    });
    std::string heard;
    Run(Talk(GetParam().bytes, heard));   // ends only when the server closes
    EXPECT_EQ(heard.find("500"), std::string::npos) << heard;
}

INSTANTIATE_TEST_SUITE_P(
    , CutsTheSlow,
    testing::Values(Slow{"silent", ""}, Slow{"in_the_head", "GET / HTTP/1.1\r\nHos"},
                    Slow{"in_the_body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"},
                    Slow{"in_a_chunk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"},
                    Slow{"idle", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"}),
    [](const auto& i) { return i.param.name; });

TEST_F(HttpsServer, CutsAPeerThatDoesNotShakeHands) {
    options.head_timeout = 20ms;
    Listen(SayPath);
    auto talk = [this]() -> rt::Co<void> {
        test::Tcp::socket socket(co_await boost::asio::this_coro::executor);
        test::Tcp::endpoint there(boost::asio::ip::address_v4::loopback(), server->port());
        co_await socket.async_connect(there, boost::asio::use_awaitable);
        co_await socket.async_wait(test::Tcp::socket::wait_read, boost::asio::use_awaitable);   // the end
        while (server->connections() > 0) co_await rt::Yield();
    };
    Run(talk());
}

TEST_F(HttpsServer, CutsAPeerThatDoesNotRead) {
    options.stall_timeout = 30ms;
    base::Result<> put;
    Listen([&](net::Exchange& x) -> rt::Co<void> {
        (void)co_await x.Begin({}, std::nullopt);
        std::string piece(1 << 20, 'x');
        while (put) put = co_await x.Write(piece);
    });
    auto talk = [this]() -> rt::Co<void> {
        auto peer = co_await test::RawPeer::Connect(server->port());
        co_await peer->Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        while (server->connections() > 0) co_await rt::Sleep(1ms);
    };
    Run(talk());
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, base::Code::kTimeout);
}

TEST_F(HttpsServer, TakesNoMoreConnectionsThanAllowed) {
    options.max_connections = 2;
    Listen(SayPath);
    auto talk = [this]() -> rt::Co<void> {
        auto first = co_await Connect();
        auto second = co_await Connect();
        auto third = co_await net::HttpsClient::Connect(Client());
        EXPECT_FALSE(third);
        first->Close();
        while (server->connections() > 1) co_await rt::Yield();
        auto fourth = co_await Connect();
        EXPECT_TRUE(co_await fourth->Ask({}, 100));
    };
    Run(talk());
}

TEST_F(HttpsServer, SaysThatThePortIsTaken) {
    Listen(SayPath);
    options.port = server->port();
    auto second = net::ListenHttps(loop, options, SayPath);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, base::Code::kBusy);
    EXPECT_NE(second.error().message.find(base::Cat("127.0.0.1 port ", options.port)), std::string::npos);
}

TEST_F(HttpsServer, ListensOnBothFamilies) {
    options.address = "::";
    Listen(SayPath);
    auto talk = [this]() -> rt::Co<void> {
        auto client = co_await Connect();   // 127.0.0.1
        auto answer = co_await client->Ask({}, 100);
        EXPECT_TRUE(answer);
    };
    Run(talk());
}

TEST_F(HttpsServer, RefusesOptionsThatCannotWork) {
    auto files = Files();
    options.certificate = files.certificate;
    options.key = files.certificate;
    EXPECT_FALSE(net::ListenHttps(loop, options, SayPath));
    options.key = files.key;
    options.address = "no address";
    auto bad = net::ListenHttps(loop, options, SayPath);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, base::Code::kInvalid);
}

TEST_F(HttpsServer, TakesANewCertificateForNewConnections) {
    Listen(SayPath);
    std::string old_text = *rt::ReadFile(Files().certificate, 1 << 20), old_key = *rt::ReadFile(Files().key, 1 << 20);
    auto talk = [this]() -> rt::Co<void> {
        auto old_client = co_await Connect();
        EXPECT_TRUE(net::MakeCertificate(Files(), {"127.0.0.1"}, base::SystemClock().Now()));
        EXPECT_TRUE(server->ReloadCertificate());
        auto expected = *net::ReadCertificate(Files().certificate);
        net::ClientOptions options{.host = "127.0.0.1", .port = server->port(), .thumbprint = expected.sha1};
        auto new_client = co_await net::HttpsClient::Connect(options);
        EXPECT_TRUE(new_client);
        EXPECT_TRUE(co_await old_client->Ask({}, 100));
    };
    Run(talk());
    ASSERT_TRUE(rt::WriteFileAtomically(Files().key, "no key", 0600));
    EXPECT_FALSE(server->ReloadCertificate());
    ASSERT_TRUE(rt::WriteFileAtomically(Files().key, old_key, 0600));
    ASSERT_TRUE(rt::WriteFileAtomically(Files().certificate, old_text, 0644));
}

TEST_F(HttpsServer, IsNotBelievedWithAnotherCertificate) {
    Listen(SayPath);
    auto talk = [this]() -> rt::Co<void> {
        net::ClientOptions options{.host = "127.0.0.1", .port = server->port(), .thumbprint = "AA:BB"};
        auto refused = co_await net::HttpsClient::Connect(options);
        EXPECT_FALSE(refused);
        if (!refused) EXPECT_EQ(refused.error().code, base::Code::kDenied);
        net::CertificateFiles other{dir + "/other.pem", dir + "/other-key.pem"};
        EXPECT_TRUE(net::MakeCertificate(other, {"127.0.0.1"}, base::SystemClock().Now()));
        options = {.host = "127.0.0.1", .port = server->port(), .ca_file = other.certificate};
        refused = co_await net::HttpsClient::Connect(options);
        EXPECT_FALSE(refused);
        if (!refused) EXPECT_EQ(refused.error().code, base::Code::kDenied);
        options = {.host = "127.0.0.1", .port = server->port()};
        refused = co_await net::HttpsClient::Connect(options);
        EXPECT_FALSE(refused);
    };
    Run(talk());
}

TEST_F(HttpsServer, RefusesOldTls) {
    Listen(SayPath);
    auto talk = [this](int version) -> rt::Co<bool> {
        test::Tcp::socket socket(co_await boost::asio::this_coro::executor);
        test::Tcp::endpoint there(boost::asio::ip::address_v4::loopback(), server->port());
        co_await socket.async_connect(there, boost::asio::use_awaitable);
        auto context = *net::ClientContext("");
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
        SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
        net::TlsStream tls(std::move(socket), context, net::TlsStream::kClient);
        co_return bool(co_await tls.Handshake(test::Soon()));
    };
    auto all = [&]() -> rt::Co<void> {
        EXPECT_FALSE(co_await talk(TLS1_VERSION));
        EXPECT_FALSE(co_await talk(TLS1_1_VERSION));
        EXPECT_TRUE(co_await talk(TLS1_2_VERSION));
        EXPECT_TRUE(co_await talk(TLS1_3_VERSION));
    };
    Run(all());
}

TEST_F(HttpsServer, LetsARunningExchangeEndAtShutdown) {
    rt::Signal waiting, go;
    Listen([&](net::Exchange& x) -> rt::Co<void> {
        waiting.Notify();
        co_await go.Wait();
        co_await SayPath(x);
    });
    auto shut = [&](bool& done) -> rt::Co<void> {
        co_await server->Shutdown(1h);
        done = true;
    };
    auto talk = [&]() -> rt::Co<void> {
        bool done = false;
        auto idle = co_await Connect();
        auto peer = co_await test::RawPeer::Connect(server->port());
        co_await peer->Say("GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await waiting.Wait();
        co_await rt::Detach(shut(done));
        while (server->connections() > 1) co_await rt::Yield();   // the idle one goes
        EXPECT_FALSE(done);
        go.Notify();
        auto heard = co_await peer->HearAll();
        EXPECT_NE(heard.find("Connection: close\r\n\r\n/last"), std::string::npos) << heard;
        while (!done) co_await rt::Yield();
        EXPECT_FALSE(co_await net::HttpsClient::Connect(Client()));
    };
    options.idle_timeout = 1h;
    Run(talk());
}

TEST_F(HttpsServer, CutsWhatDoesNotEndAtShutdown) {
    rt::Signal waiting, told;
    Listen([&](net::Exchange& x) -> rt::Co<void> {
        x.OnGone([&] { told.Notify(); });
        waiting.Notify();
        co_await told.Wait();
    });
    auto talk = [&]() -> rt::Co<void> {
        auto peer = co_await test::RawPeer::Connect(server->port());
        co_await peer->Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await waiting.Wait();
        co_await server->Shutdown(1ms);
        EXPECT_EQ(server->connections(), 0u);
        EXPECT_EQ(co_await peer->HearAll(), "");
    };
    Run(talk());
}
