#include "net/unix.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "rt/loop.h"

using namespace std::chrono_literals;

namespace {

class Unix : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "unix-XXXXXX";
        ASSERT_TRUE(mkdtemp(name.data()));
        dir = name;
    }
    void TearDown() override { std::filesystem::remove_all(dir); }

    void Run(rt::Co<void> work) {
        auto stop = [](rt::Loop& l, rt::Co<void> w) -> rt::Co<void> { co_await std::move(w), l.Stop(); };
        loop.Spawn(stop(loop, std::move(work)));
        loop.Run();
    }
    // Both ends of one connection through `path`.
    rt::Co<std::pair<net::UnixStream, net::UnixStream>> Pair(std::string path) {
        auto listener = net::UnixListener::Listen(loop, path, 0600);
        EXPECT_TRUE(listener) << listener.error().message;
        auto client = co_await net::UnixStream::Connect(path, 5s);
        EXPECT_TRUE(client) << client.error().message;
        auto server = co_await listener->Accept();
        EXPECT_TRUE(server);
        co_return std::pair(std::move(*client), std::move(*server));
    }

    std::string dir;
    rt::Loop loop;
};

}  // namespace

TEST_F(Unix, CarriesLinesAndBytes) {
    auto talk = [this]() -> rt::Co<void> {
        auto [client, server] = co_await Pair(dir + "/s");
        EXPECT_TRUE(co_await client.Write("one\r\ntwo\n\nrest"));
        for (std::string want : {"one", "two", ""}) {
            auto line = co_await server.ReadLine(100);
            EXPECT_TRUE(line);
            EXPECT_EQ(*line, want);
        }
        char piece[10];
        auto got = co_await server.ReadSome(piece);
        EXPECT_TRUE(got);
        EXPECT_EQ(std::string(piece, *got), "rest");
        client.Close();
        got = co_await server.ReadSome(piece);
        EXPECT_TRUE(got);
        EXPECT_EQ(*got, 0u);
        auto line = co_await server.ReadLine(100);
        EXPECT_EQ(line.error().code, base::Code::kIo);
    };
    Run(talk());
}

TEST_F(Unix, RefusesALineOverTheLimit) {
    auto talk = [this]() -> rt::Co<void> {
        auto [client, server] = co_await Pair(dir + "/s");
        EXPECT_TRUE(co_await client.Write(std::string(101, 'x') + "\n"));
        auto line = co_await server.ReadLine(100);
        EXPECT_FALSE(line);
        EXPECT_EQ(line.error().code, base::Code::kInvalid);
    };
    Run(talk());
}

TEST_F(Unix, GoesThroughPathsThatTheKernelCannotTake) {
    std::string deep = dir + "/" + std::string(200, 'd');
    std::filesystem::create_directory(deep);
    auto talk = [&]() -> rt::Co<void> {
        auto [client, server] = co_await Pair(deep + "/qmp.sock");
        auto peer = server.Peer();
        EXPECT_TRUE(peer);
        EXPECT_EQ(peer->pid, getpid());
        EXPECT_EQ(peer->uid, getuid());
        EXPECT_EQ(peer->gid, getgid());
    };
    Run(talk());
    EXPECT_TRUE(std::filesystem::is_empty(deep)) << "the listener removes its file";
}

TEST_F(Unix, PassesDescriptors) {
    std::ofstream(dir + "/file") << "content";
    int sockets[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
    auto stream = net::UnixStream::Adopt(loop, rt::Fd(sockets[0]));
    ASSERT_TRUE(stream);
    auto talk = [&]() -> rt::Co<void> {
        rt::Fd file(open((dir + "/file").c_str(), O_RDONLY));
        EXPECT_TRUE(co_await stream->SendFds("hi", {file.get()}));
    };
    Run(talk());

    char text[10], control[CMSG_SPACE(sizeof(int))], content[10];
    iovec part{text, sizeof text};
    msghdr message{nullptr, 0, &part, 1, control, sizeof control, 0};
    ASSERT_EQ(recvmsg(sockets[1], &message, MSG_CMSG_CLOEXEC), 2);
    ASSERT_TRUE(CMSG_FIRSTHDR(&message));
    int received;
    std::memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
    EXPECT_EQ(read(received, content, sizeof content), 7);
    close(received), close(sockets[1]);
}

TEST_F(Unix, SaysWhyItCannotConnect) {
    auto talk = [this]() -> rt::Co<void> {
        auto missing = co_await net::UnixStream::Connect(dir + "/none", 1s);
        EXPECT_EQ(missing.error().code, base::Code::kNotFound);
        { auto gone = co_await Pair(dir + "/s"); }
        std::ofstream(dir + "/plain") << "x";
        auto refused = co_await net::UnixStream::Connect(dir + "/plain", 1s);
        EXPECT_EQ(refused.error().code, base::Code::kDenied);
    };
    Run(talk());
}

TEST_F(Unix, GivesUpOnAListenerThatDoesNotAccept) {
    int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {AF_UNIX, {}};
    (dir + "/full").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(socket, 0), 0);
    auto talk = [this]() -> rt::Co<void> {
        std::vector<net::UnixStream> held;
        for (;;) {
            auto stream = co_await net::UnixStream::Connect(dir + "/full", 10ms);
            if (!stream) {
                EXPECT_EQ(stream.error().code, base::Code::kTimeout);
                break;
            }
            held.push_back(std::move(*stream));
        }
    };
    Run(talk());
    close(socket);
}

TEST_F(Unix, ListensAgainAfterACrashButNotBesideAnother) {
    std::string path = dir + "/s";
    {
        int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);   // leaves its file behind
        sockaddr_un address = {AF_UNIX, {}};
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        close(socket);
    }
    auto first = net::UnixListener::Listen(loop, path, 0660);
    ASSERT_TRUE(first) << first.error().message;
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0660u);
    auto second = net::UnixListener::Listen(loop, path, 0660);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, base::Code::kBusy);
    std::ofstream(dir + "/file") << "precious";
    EXPECT_EQ(net::UnixListener::Listen(loop, dir + "/file", 0660).error().code, base::Code::kExists);
}

TEST_F(Unix, WakesWhoeverWaitsWhenItCloses) {
    base::Result<std::string> line{std::string()};
    auto talk = [&]() -> rt::Co<void> {
        auto [client, server] = co_await Pair(dir + "/s");
        auto read = [](rt::Co<base::Result<std::string>> r, base::Result<std::string>& out) -> rt::Co<void> {
            out = co_await std::move(r);
        };
        co_await rt::Detach(read(server.ReadLine(100), line));
        co_await rt::Yield();
        { auto dropped = std::move(server); }
        co_await rt::Yield();
        co_await rt::Yield();
    };
    Run(talk());
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, base::Code::kCancelled);
}
