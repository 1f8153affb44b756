// What the server answers to bytes, well-formed or not.
#include "base/text.h"
#include "test/net/server_fixture.h"

namespace {

// Answers with what it understood, so that a test sees where a request ended.
rt::Co<void> Echo(net::Exchange& x) {
    auto body = co_await x.ReadBody(1000);
    net::Response answer;
    if (!body) answer = {.status = 400, .body = "bad body"};
    else answer.body = base::Cat(x.head().method, " ", x.head().path, " [", *body, "]");
    (void)co_await x.Send(std::move(answer));
}

struct Row {
    const char* name;
    std::string bytes;
    std::vector<const char*> answers;   // what must be heard, in this order
    const char* never = "\x01";         // what must not
};

class Wire : public test::ServerTest, public testing::WithParamInterface<Row> {};

const std::string kEnd = "Connection: close\r\n\r\n";
std::string Get(std::string_view target) { return base::Cat("GET ", target, " HTTP/1.1\r\nHost: h\r\n"); }
std::string Post(std::string_view headers) {
    return base::Cat("POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\n", headers, "\r\n");
}

}  // namespace

TEST_P(Wire, Answers) {
    Listen(Echo);
    std::string heard;
    Run(Talk(GetParam().bytes, heard));
    std::size_t at = 0;
    for (const char* answer : GetParam().answers) {
        auto found = heard.find(answer, at);
        ASSERT_NE(found, std::string::npos) << "no \"" << answer << "\" in:\n" << heard;
        at = found + 1;
    }
    EXPECT_EQ(heard.find(GetParam().never), std::string::npos) << heard;
}

INSTANTIATE_TEST_SUITE_P(
    Good, Wire,
    testing::Values(
        Row{"get",
            Get("/a%20b") + kEnd,
            {"HTTP/1.1 200 OK\r\n", "Content-Length: 11\r\n", "Connection: close\r\n", "GET /a b []"}},
        Row{"head_has_no_body", "HEAD /a HTTP/1.1\r\nHost: h\r\n" + kEnd, {"200 OK", "Content-Length: 10"}, "HEAD /a"},
        Row{"absolute_target", Get("https://other/x") + kEnd, {"GET /x []"}},
        Row{"star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n" + kEnd, {"OPTIONS * []"}},
        Row{"pipelined",
            Get("/1") + "\r\n" + Get("/2") + "\r\n" + Get("/3") + kEnd,
            {"GET /1 []", "GET /2 []", "GET /3 []"}},
        Row{"length", Post("Content-Length: 3\r\n") + "abc", {"POST /p [abc]"}},
        Row{"chunked",
            Post("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n",
            {"POST /p [abcde]"}},
        Row{"chunked_then_next",
            "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" + Get("/n") + kEnd,
            {"POST /p [x]", "GET /n []"}},
        Row{"continue", Post("Expect: 100-continue\r\nContent-Length: 0\r\n"), {"200 OK"}, "100 Continue"},
        Row{"empty_lines_first", "\r\n\r\n" + Get("/a") + kEnd, {"GET /a []"}},
        Row{"old_version", "GET /a HTTP/1.0\r\n\r\n", {"200 OK", "Connection: close", "GET /a []"}},
        Row{"old_version_kept",
            "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
            {"Connection: keep-alive", "GET /a []", "GET /b []"}}),
    [](const auto& i) { return i.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Bad, Wire,
    testing::Values(
        Row{"nonsense", "hello\r\n\r\n", {"400 Bad", "Connection: close"}},
        Row{"binary", std::string("\x00\xff\x16\x03\r\n\r\n", 8), {"400 Bad"}},
        Row{"version", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", {"400 Bad"}},
        Row{"no_host", "GET / HTTP/1.1\r\n\r\n", {"400 Bad", "no Host"}},
        Row{"two_hosts", Get("/") + "Host: i\r\n\r\n", {"400 Bad", "more than one Host"}},
        Row{"bare_line_feeds", "GET / HTTP/1.1\nHost: h\n\n\r\n\r\n", {"400 Bad"}},
        Row{"space_before_colon", Get("/") + "Content-Length : 5\r\n\r\nabcde", {"400 Bad"}},
        Row{"no_slash", Get("a") + "\r\n", {"400 Bad", "slash"}},
        Row{"nul_in_path", Get("/a%00b") + "\r\n", {"400 Bad"}},
        Row{"broken_escape", Get("/a%zz") + "\r\n", {"400 Bad"}},
        Row{"huge_header", Get("/") + "X: " + std::string(20'000, 'x') + "\r\n\r\n", {"431 Request"}},
        Row{"huge_target", Get("/" + std::string(20'000, 'x')) + "\r\n", {"431 Request"}},
        Row{"many_headers",
            Get("/") +
                [] {
                    std::string s;
                    for (int i = 0; i < 5000; ++i) s += "a: b\r\n";
                    return s;
                }() +
                "\r\n",
            {"431 Request"}},
        Row{"length_and_chunked",
            Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + Get("/evil") + kEnd,
            {"400 Bad"},
            "evil"},
        Row{"chunked_and_length",
            Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n") + "0\r\n\r\n" + Get("/evil") + kEnd,
            {"400 Bad"},
            "evil"},
        Row{"two_lengths", Post("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"different_lengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"list_of_lengths", Post("Content-Length: 3, 3\r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"plus_length", Post("Content-Length: +3\r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"negative_length", Post("Content-Length: -3\r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"endless_length", Post("Content-Length: 99999999999999999999\r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"empty_length", Post("Content-Length: \r\n") + "abc", {"400 Bad"}, "[abc"},
        Row{"unknown_encoding", Post("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", {"400 Bad"}},
        Row{"chunked_not_last", Post("Transfer-Encoding: chunked, gzip\r\n") + "0\r\n\r\n", {"400 Bad"}},
        Row{"encoding_twice",
            Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
            {"400 Bad"}},
        Row{"encoding_with_tab",
            Post("Transfer-Encoding: \x0b"
                 "chunked\r\n") +
                "0\r\n\r\n",
            {"400 Bad"}},
        Row{"encoding_in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {"400 Bad"}},
        Row{"bad_chunk_size",
            Post("Transfer-Encoding: chunked\r\n") + "xyz\r\nabc\r\n0\r\n\r\n",
            {"400 Bad", "bad body"}},
        Row{"chunk_overflow",
            Post("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\nabc",
            {"400 Bad", "bad body"}},
        Row{"chunk_without_end",
            Post("Transfer-Encoding: chunked\r\n") + "3\r\nabcdef\r\n0\r\n\r\n" + Get("/evil"),
            {"400 Bad", "bad body"},
            "evil"},
        Row{"endless_chunk_head",
            Post("Transfer-Encoding: chunked\r\n") + "1;" + std::string(100'000, 'x'),
            {"400 Bad", "bad body"}},
        Row{"body_over_limit", Post("Content-Length: 2000\r\n") + std::string(2000, 'x'), {"400 Bad", "bad body"}},
        Row{"chunks_over_limit",
            Post("Transfer-Encoding: chunked\r\n") + "7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\n\r\n",
            {"400 Bad", "bad body"}}),
    [](const auto& i) { return i.param.name; });

TEST_F(Wire, SaysContinueBeforeItReads) {
    Listen(Echo);
    auto talk = [this]() -> rt::Co<void> {
        auto peer = co_await test::RawPeer::Connect(server->port());
        co_await peer->Say(Post("Expect: 100-continue\r\nContent-Length: 3\r\n"));
        co_await peer->HearUntil("HTTP/1.1 100 Continue\r\n\r\n");
        co_await peer->Say("abc");
        auto heard = co_await peer->HearAll();
        EXPECT_NE(heard.find("POST /p [abc]"), std::string::npos) << heard;
    };
    Run(talk());
}

TEST_F(Wire, ClosesWhenABodyIsRefusedUnread) {
    Listen([](net::Exchange& x) -> rt::Co<void> { (void)co_await x.Send({.status = 401}); });
    std::string heard;
    Run(Talk("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", heard));
    EXPECT_NE(heard.find("401 Unauthorized"), std::string::npos) << heard;
    EXPECT_NE(heard.find("Connection: close"), std::string::npos) << heard;
}

TEST_F(Wire, SkipsASmallBodyThatNobodyRead) {
    Listen([](net::Exchange& x) -> rt::Co<void> { (void)co_await x.Send({.body = x.head().path}); });
    std::string heard;
    Run(Talk("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123456789" + Get("/2") + kEnd, heard));
    EXPECT_NE(heard.find("/2"), std::string::npos) << heard;
}

TEST_F(Wire, AnswersForAHandlerThatForgotTo) {
    Listen([](net::Exchange&) -> rt::Co<void> { co_return; });
    std::string heard;
    Run(Talk(Get("/") + kEnd, heard));
    EXPECT_NE(heard.find("500 Internal Server Error"), std::string::npos) << heard;
}

TEST_F(Wire, KeepsLineBreaksOutOfHeaders) {
    Listen([](net::Exchange& x) -> rt::Co<void> {
        net::Response answer{.headers = {{"Evil", "a\r\nSet-Cookie: b"}, {"Content-Length", "99"}, {"Good", "g"}}};
        (void)co_await x.Send(std::move(answer));
    });
    std::string heard;
    Run(Talk(Get("/") + kEnd, heard));
    EXPECT_EQ(heard.find("Evil"), std::string::npos) << heard;
    EXPECT_EQ(heard.find("99"), std::string::npos) << heard;
    EXPECT_NE(heard.find("Good: g"), std::string::npos) << heard;
}

TEST_F(Wire, ShowsThatAnAnswerIsNotComplete) {
    Listen([](net::Exchange& x) -> rt::Co<void> {
        (void)co_await x.Begin({}, std::nullopt);
        (void)co_await x.Write("half");
    });
    std::string heard;
    Run(Talk(Get("/") + "\r\n", heard));
    EXPECT_NE(heard.find("4\r\nhalf\r\n"), std::string::npos) << heard;
    EXPECT_EQ(heard.find("\r\n0\r\n"), std::string::npos) << heard;
}

TEST_F(Wire, TellsWhoSpeaksPlainHttp) {
    Listen(Echo);
    std::string heard;
    auto talk = [&]() -> rt::Co<void> {
        test::Tcp::socket socket(co_await boost::asio::this_coro::executor);
        test::Tcp::endpoint there(boost::asio::ip::address_v4::loopback(), server->port());
        co_await socket.async_connect(there, boost::asio::use_awaitable);
        std::string request = Get("/") + "\r\n";
        co_await socket.async_write_some(boost::asio::buffer(request), boost::asio::use_awaitable);
        char piece[1000];
        auto got = co_await socket.async_read_some(boost::asio::buffer(piece), boost::asio::use_awaitable);
        heard.assign(piece, got);
    };
    Run(talk());
    EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
    EXPECT_TRUE(heard.ends_with("use https:// instead.\n")) << heard;
}
