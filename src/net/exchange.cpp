#include "base/log.h"
#include "base/text.h"
#include "net/connection.h"

namespace net {

using std::chrono::steady_clock;

// What a handler did not read of a body is skipped up to here; beyond it closing is cheaper.
constexpr std::uint64_t kMostSkipped = 64 * 1024;
// An answer up to this size leaves in one write, head and body together.
constexpr std::size_t kOneWrite = 64 * 1024;

static bool NeverHasBody(int status) { return status < 200 || status == 204 || status == 304; }

static base::Error Misuse(std::string_view what) { return base::Error(base::Code::kInternal, std::string(what)); }

rt::Co<base::Result<>> Connection::Put(std::string_view bytes) {
    if (gone_) co_return base::Error(base::Code::kIo, "answer: the peer has closed the connection");
    auto put = co_await stream_.Write(bytes, server_->options.stall_timeout);
    if (!put) {
        keep_alive_ = false;
        BecomeGone();
    }
    co_return put;
}

// The peer waits for this before it sends the body.
rt::Co<base::Result<>> Connection::SayContinue() {
    if (!std::exchange(wants_continue_, false) || !unread().empty()) co_return base::Result<>{};
    co_return co_await Put("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::BodyEnds() {
    body_done_ = true;
    chunks_.reset();
    Watch();
}

rt::Co<base::Result<std::size_t>> Connection::ReadSome(std::span<char> buffer) {
    if (body_done_ || buffer.empty()) co_return std::size_t{0};
    CO_CHECK(co_await SayContinue());
    base::Result<std::size_t> got;
    if (chunks_) got = co_await ReadChunked(buffer);
    else got = co_await ReadCounted(buffer);
    if (!got) keep_alive_ = false;
    co_return got;
}

rt::Co<base::Result<std::size_t>> Connection::ReadCounted(std::span<char> buffer) {
    buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), body_left_));
    std::size_t count = unread().copy(buffer.data(), buffer.size());
    if (count > 0) {
        Use(count);
    } else {
        CO_TRY(got, co_await stream_.Read(buffer, steady_clock::now() + server_->options.stall_timeout));
        if (got == 0) co_return base::Error(base::Code::kIo, "the peer closed in the middle of a body");
        count = got;
    }
    body_left_ -= count;
    if (body_left_ == 0) BodyEnds();
    co_return count;
}

rt::Co<base::Result<std::size_t>> Connection::ReadChunked(std::span<char> buffer) {
    for (;;) {
        std::size_t put = 0;
        CO_TRY(used, chunks_->PutChunked(unread(), buffer, put));
        Use(used);
        if (chunks_->chunked_done()) BodyEnds();
        if (put > 0 || body_done_) co_return put;
        CO_CHECK(co_await Fill(steady_clock::now() + server_->options.stall_timeout));
    }
}

rt::Co<base::Result<std::string>> Connection::ReadBody(std::size_t limit) {
    base::Error too_large(base::Code::kInvalid, base::Cat("the body is larger than ", limit, " bytes"));
    if (head_.length.value_or(0) > limit) co_return too_large;
    std::string body;
    while (!body_done_) {
        std::size_t have = body.size();
        std::uint64_t most = chunks_ ? limit + 1 - have : body_left_;
        body.resize(have + std::min<std::uint64_t>(most, std::max<std::size_t>(have, 16 * 1024)));
        std::span<char> rest(body.data() + have, body.size() - have);
        CO_TRY(got, co_await ReadSome(rest));
        body.resize(have + got);
        if (body.size() > limit) co_return too_large;
    }
    co_return body;
}

static bool AsksToClose(const Response& answer) {
    for (const Header& h : answer.headers)
        if (base::EqualNoCase(h.name, "Connection") && base::EqualNoCase(h.value, "close")) return true;
    return false;
}

// Decides how the answer is framed and whether the connection goes on.
std::string Connection::HeadOf(const Response& answer, std::optional<std::uint64_t> length) {
    if (NeverHasBody(answer.status)) framing_ = Framing::kNoBody;
    else if (length) framing_ = Framing::kLength;
    else framing_ = http10_ ? Framing::kToClose : Framing::kChunked;
    bool can_skip = body_done_ || (!chunks_ && !wants_continue_ && body_left_ <= kMostSkipped);
    if (!can_skip || server_->closing || framing_ == Framing::kToClose || AsksToClose(answer)) keep_alive_ = false;
    answer_left_ = length.value_or(0);
    std::string head = FormatHead(answer, framing_, answer_left_, keep_alive_, server_->Date());
    if (keep_alive_ && http10_) head.insert(head.size() - 2, "Connection: keep-alive\r\n");
    return head;
}

rt::Co<base::Result<>> Connection::Send(Response answer) {
    if (answer_ != Answer::kNone) co_return Misuse("a second answer to one request");
    answer_ = Answer::kDone;
    std::string bytes = HeadOf(answer, answer.body.size());
    bool with_body = !is_head_ && framing_ == Framing::kLength;
    if (!with_body || answer.body.size() <= kOneWrite) {
        if (with_body) bytes += answer.body;
        co_return co_await Put(bytes);
    }
    CO_CHECK(co_await Put(bytes));
    co_return co_await Put(answer.body);
}

rt::Co<base::Result<>> Connection::Begin(Response head, std::optional<std::uint64_t> length) {
    if (answer_ != Answer::kNone) co_return Misuse("a second answer to one request");
    answer_ = Answer::kStarted;
    unsent_ = HeadOf(head, length);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Connection::Write(std::string_view piece) {
    if (answer_ != Answer::kStarted) co_return Misuse("a piece of an answer that was not begun");
    if (framing_ == Framing::kLength) {
        if (piece.size() > answer_left_) co_return Misuse("an answer is longer than it said");
        answer_left_ -= piece.size();
    }
    std::string bytes = std::exchange(unsent_, {});
    if (is_head_ || framing_ == Framing::kNoBody || piece.empty()) {
        if (bytes.empty()) co_return base::Result<>{};
        co_return co_await Put(bytes);
    }
    bool chunked = framing_ == Framing::kChunked;
    if (chunked) {
        char size[20];
        bytes.append(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
        bytes += "\r\n";
    }
    bool together = bytes.size() + piece.size() <= kOneWrite;   // a large piece is not copied
    if (together) bytes += piece;
    if (together && chunked) bytes += "\r\n";
    if (!bytes.empty()) CO_CHECK(co_await Put(bytes));
    if (together) co_return base::Result<>{};
    if (chunked) unsent_ = "\r\n";                              // goes with what comes next
    co_return co_await Put(piece);
}

rt::Co<base::Result<>> Connection::End() {
    if (answer_ != Answer::kStarted) co_return Misuse("the end of an answer that was not begun");
    bool short_answer = framing_ == Framing::kLength && answer_left_ > 0 && !is_head_;
    if (short_answer) co_return Misuse("an answer is shorter than it said");
    answer_ = Answer::kDone;
    std::string bytes = std::exchange(unsent_, {});
    if (framing_ == Framing::kChunked && !is_head_) bytes += "0\r\n\r\n";
    if (bytes.empty()) co_return base::Result<>{};
    co_return co_await Put(bytes);
}

static base::Error NoUpgrade() { return base::Error(base::Code::kInternal, "this exchange cannot leave HTTP"); }
rt::Co<base::Result<>> Exchange::Upgrade(Response) { co_return NoUpgrade(); }
rt::Co<base::Result<std::size_t>> Exchange::ReadRaw(std::span<char>, std::chrono::milliseconds) {
    co_return NoUpgrade();
}
rt::Co<base::Result<>> Exchange::WriteRaw(std::string) { co_return NoUpgrade(); }

rt::Co<base::Result<>> Connection::Upgrade(Response answer) {
    if (answer_ != Answer::kNone || http10_ || !body_done_)
        co_return Misuse("an upgrade of a request that was answered");
    answer_ = Answer::kDone;
    upgraded_ = true;
    keep_alive_ = false;
    answer.headers.push_back({"Connection", "Upgrade"});
    std::string head = base::Cat("HTTP/1.1 ", answer.status, ' ', StatusWords(answer.status), "\r\n");
    for (const Header& h : answer.headers) head += base::Cat(h.name, ": ", h.value, "\r\n");
    head += "\r\n";
    co_return co_await Put(head);
}

rt::Co<base::Result<std::size_t>> Connection::ReadRaw(std::span<char> buffer, std::chrono::milliseconds longest) {
    if (!upgraded_) co_return Misuse("raw bytes of an exchange that is HTTP");
    std::size_t count = unread().copy(buffer.data(), buffer.size());
    if (count > 0) {
        Use(count);
        co_return count;
    }
    co_return co_await stream_.Read(buffer, steady_clock::now() + longest);
}

rt::Co<base::Result<>> Connection::WriteRaw(std::string bytes) {
    if (!upgraded_) co_return Misuse("raw bytes of an exchange that is HTTP");
    co_return co_await Put(bytes);
}

// After the handler: an answer there must be, and the way to the next request be free.
rt::Co<base::Result<>> Connection::FinishExchange() {
    if (gone_ || !stream_.open()) co_return base::Error(base::Code::kIo, "the peer went away during a request");
    if (answer_ == Answer::kNone) {
        base::LogError("net", base::Cat("a bug: no answer to ", head_.method, " ", head_.path));
        Response sorry{500, {{"Content-Type", "text/plain"}}, "The server has no answer to this request.\n"};
        CO_CHECK(co_await Send(std::move(sorry)));
    }
    if (answer_ == Answer::kStarted) {
        stream_.Close();   // so that the peer sees that something is missing
        co_return base::Error(base::Code::kInternal, "an answer was not finished");
    }
    char waste[4096];
    while (keep_alive_ && !body_done_) CO_CHECK(co_await ReadSome(waste));
    co_return base::Result<>{};
}

}  // namespace net
