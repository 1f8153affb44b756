#include "net/websocket.h"

#include "base/text.h"
#include "test/net/server_fixture.h"

namespace test {
namespace {

using namespace std::chrono_literals;

std::string Masked(int first, std::string_view payload) {
    std::string out{static_cast<char>(first), static_cast<char>(0x80 | payload.size()), 1, 2, 3, 4};
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(payload[i] ^ static_cast<char>(1 + (i & 3)));
    return out;
}

constexpr std::string_view kAsk =
    "GET /ws HTTP/1.1\r\nHost: esx1:8443\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

class WebSocketTest : public ServerTest {
protected:
    // Gives back whatever comes, until "stop".
    void Echo(net::WebSocketOptions options = {}) {
        Listen([this, options](net::Exchange& x) { return Serve(x, options); });
    }
    rt::Co<void> Serve(net::Exchange& exchange, net::WebSocketOptions options) {
        auto accepted = co_await net::WebSocket::Accept(exchange, options);
        if (!accepted) {
            int status = accepted.error().code == base::Code::kDenied ? 403 : 400;
            net::Response answer{status, {}, accepted.error().message};
            (void)co_await exchange.Send(std::move(answer));
            co_return;
        }
        auto socket = *accepted;
        for (;;) {
            auto data = co_await socket->Read();
            if (!data || data->empty()) break;
            if (*data == "stop") co_await socket->Close(net::close_code::kGoingAway, "enough");
            else (void)co_await socket->Write("<" + *data + ">");
        }
        code = socket->close_code();
        co_await socket->End();
        ended = true;
    }
    // Opens one and says `bytes`; what comes back, after the head, until the server closes.
    rt::Co<void> Exchange(std::string more_head, std::string bytes, std::string& head, std::string& heard) {
        auto peer = co_await RawPeer::Connect(server->port());
        co_await peer->Say(base::Cat(kAsk, more_head, "\r\n", bytes));   // frames may come with the head
        head = co_await peer->HearUntil("\r\n\r\n");
        heard = co_await peer->HearAll();
        for (int i = 0; i < 1000 && !ended; ++i) co_await rt::Sleep(5ms);   // the handler may be a step behind
    }
    int code = 0;
    bool ended = false;
};

TEST_F(WebSocketTest, GoesFromHandshakeToClose) {
    Echo({.protocols = {"binary"}});
    std::string head, heard;
    std::string said =
        Masked(0x82, "one") + Masked(0x89, "hi") + Masked(0x02, "tw") + Masked(0x80, "o") + Masked(0x88, "\x03\xe8");
    Run(Exchange("Sec-WebSocket-Protocol: x, binary\r\n", said, head, heard));
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    EXPECT_NE(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    EXPECT_NE(head.find("Sec-WebSocket-Protocol: binary"), std::string::npos);
    EXPECT_EQ(heard, (std::string("\x82\x05<one>\x8a\x02hi\x82\x04<tw>\x82\x03<o>\x88\x02\x03\xe8")));
    EXPECT_EQ(code, 1000);
    EXPECT_TRUE(ended);
}

TEST_F(WebSocketTest, ClosesFirstAndWaitsForTheAnswer) {
    Echo();
    std::string head, heard;
    Run(Exchange("", Masked(0x82, "stop") + Masked(0x88, "\x03\xe9"), head, heard));
    EXPECT_EQ(heard, (std::string("\x88\x08\x03\xe9") + "enough"));
    EXPECT_TRUE(ended);
}

TEST_F(WebSocketTest, TellsWhatIsWrongAndEnds) {
    Echo({.max_message = 10});
    std::string head, heard;
    Run(Exchange("", Masked(0x82, "far too long"), head, heard));
    EXPECT_TRUE(heard.starts_with("\x88")) << base::Hex(heard);
    EXPECT_EQ(heard.substr(2, 2), "\x03\xf1");           // 1009
    EXPECT_TRUE(ended);
}

TEST_F(WebSocketTest, PingsAndCutsOneThatIsSilent) {
    Echo({.ping_every = 50ms});
    std::string head, heard;
    Run(Exchange("", "", head, heard));
    EXPECT_TRUE(heard.starts_with(std::string("\x89\0", 2))) << base::Hex(heard);
    EXPECT_TRUE(ended);
}

TEST_F(WebSocketTest, EndsWithTheServer) {
    Echo();
    auto work = [this]() -> rt::Co<void> {
        auto peer = co_await RawPeer::Connect(server->port());
        co_await peer->Say(base::Cat(kAsk, "\r\n"));
        (void)co_await peer->HearUntil("\r\n\r\n");
        co_await server->Shutdown(10s);
        (void)co_await peer->HearAll();
        EXPECT_TRUE(ended);
    };
    Run(work());
}

struct Row {
    const char* name;
    std::string request;
    const char* status;
};
class WebSocketRefuses : public WebSocketTest, public testing::WithParamInterface<Row> {};

TEST_P(WebSocketRefuses, Handshake) {
    Echo();
    std::string heard;
    Run(Talk(GetParam().request, heard));
    EXPECT_TRUE(heard.starts_with(base::Cat("HTTP/1.1 ", GetParam().status))) << heard;
}

std::string Ask(std::string_view headers) {
    return base::Cat("GET /ws HTTP/1.1\r\nHost: esx1:8443\r\nConnection: close, Upgrade\r\n", headers, "\r\n");
}
constexpr std::string_view kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                           kVersion = "Sec-WebSocket-Version: 13\r\n", kUpgrade = "Upgrade: websocket\r\n";

INSTANTIATE_TEST_SUITE_P(
    , WebSocketRefuses,
    testing::Values(
        Row{"plain_get", Ask(""), "400"}, Row{"no_key", Ask(base::Cat(kUpgrade, kVersion)), "400"},
        Row{"old_version", Ask(base::Cat(kUpgrade, kKey, "Sec-WebSocket-Version: 8\r\n")), "400"},
        Row{"short_key", Ask(base::Cat(kUpgrade, kVersion, "Sec-WebSocket-Key: YWJj\r\n")), "400"},
        Row{"other_origin", Ask(base::Cat(kUpgrade, kVersion, kKey, "Origin: https://evil.example\r\n")), "403"},
        Row{"other_port", Ask(base::Cat(kUpgrade, kVersion, kKey, "Origin: https://esx1\r\n")), "403"},
        Row{"plain_origin", Ask(base::Cat(kUpgrade, kVersion, kKey, "Origin: http://esx1:8443\r\n")), "403"}),
    [](const auto& i) { return i.param.name; });

TEST(IsOwnOrigin, TakesTheUsualPortForGranted) {
    net::RequestHead head;
    head.headers = {{"Host", "esx1"}, {"Origin", "https://ESX1:443"}};
    EXPECT_TRUE(net::IsOwnOrigin(head));
    head.headers = {{"Host", "esx1"}};
    EXPECT_TRUE(net::IsOwnOrigin(head));
    head.headers = {{"Host", "esx1"}, {"Origin", "null"}};
    EXPECT_FALSE(net::IsOwnOrigin(head));
}

}  // namespace
}  // namespace test
