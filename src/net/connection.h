// One client's connection: its requests in their order, each handed to the handler as an
// Exchange. It owns no buffer while it waits for a request or a handler.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <ctime>
#include <unordered_set>

#include "net/http.h"
#include "net/message.h"
#include "net/parser.h"
#include "net/tls.h"
#include "rt/signal.h"

namespace net {

class Connection;

// What the connections of one server share.
struct ServerState {
    explicit ServerState(rt::Loop& loop) : acceptor(loop.io()) {}

    ServerOptions options;
    Handler handler;
    SslContext context;
    boost::asio::ip::tcp::acceptor acceptor;
    bool closing = false;                     // no further request on any connection
    std::unordered_set<Connection*> connections;
    rt::Signal changed;                       // of `connections` or `closing`
    std::array<char, 64 * 1024> scratch;      // filled and emptied within one step
    std::string date;                         // of the second `date_of`
    std::time_t date_of = 0;

    const std::string& Date();
};

class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<ServerState> server, boost::asio::ip::tcp::socket socket);
    ~Connection() override;

    static rt::Co<void> Run(std::shared_ptr<Connection> self);
    void CutIfLate(SteadyTime now) { stream_.CutIfLate(now); }
    void Cut() override;
    bool busy() const { return busy_ && !upgraded_; }   // a request is being handled

    const RequestHead& head() const override { return head_; }
    rt::Co<base::Result<std::string>> ReadBody(std::size_t limit) override;
    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override;
    rt::Co<base::Result<>> Send(Response answer) override;
    rt::Co<base::Result<>> Begin(Response head, std::optional<std::uint64_t> length) override;
    rt::Co<base::Result<>> Write(std::string_view piece) override;
    rt::Co<base::Result<>> End() override;
    rt::Co<base::Result<>> Upgrade(Response answer) override;
    rt::Co<base::Result<std::size_t>> ReadRaw(std::span<char> buffer, std::chrono::milliseconds longest) override;
    rt::Co<base::Result<>> WriteRaw(std::string bytes) override;
    bool gone() const override;
    void OnGone(std::function<void()> call) override;

private:
    enum class Answer { kNone, kStarted, kDone };

    // connection.cpp: from the socket to a request, and on to the next
    rt::Co<base::Result<>> Serve();
    rt::Co<bool> ReadRequest(bool first);
    rt::Co<base::Result<>> AwaitHead(MessageParser& parser, bool first);
    bool Understand(MessageHead message, base::Error& why);
    rt::Co<void> Refuse(base::Error why);
    rt::Co<base::Result<>> Fill(SteadyTime deadline);
    std::string_view unread() const { return std::string_view(in_).substr(in_used_); }
    void Use(std::size_t count);
    void Watch();
    void Watched(bool readable);
    void LookForEnd();
    void BecomeGone();

    // exchange.cpp: the body and the answer
    rt::Co<base::Result<>> FinishExchange();
    rt::Co<base::Result<std::size_t>> ReadCounted(std::span<char> buffer);
    rt::Co<base::Result<std::size_t>> ReadChunked(std::span<char> buffer);
    rt::Co<base::Result<>> SayContinue();
    void BodyEnds();
    std::string HeadOf(const Response& answer, std::optional<std::uint64_t> length);
    rt::Co<base::Result<>> Put(std::string_view bytes);

    std::shared_ptr<ServerState> server_;
    TlsStream stream_;
    std::string peer_;
    std::string in_;                          // came in and was not used yet, from in_used_ on
    std::size_t in_used_ = 0;
    bool busy_ = false, gone_ = false, watching_ = false, upgraded_ = false;
    std::function<void()> on_gone_;

    // Of the request at hand
    RequestHead head_;
    std::unique_ptr<MessageParser> chunks_;   // while a chunked body comes in
    std::uint64_t body_left_ = 0;
    bool body_done_ = true, wants_continue_ = false, keep_alive_ = false, http10_ = false, is_head_ = false;
    Answer answer_ = Answer::kNone;
    Framing framing_ = Framing::kNoBody;
    std::uint64_t answer_left_ = 0;
    std::string unsent_;                      // the head of an answer or the end of a chunk, until what comes next
};

}  // namespace net
