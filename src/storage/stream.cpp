#include "storage/stream.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "rt/loop.h"
#include "rt/signal.h"

namespace storage {

using Buffers = std::array<std::vector<char>, 2>;

struct ReadAhead::Rep {
    Rep(rt::Pool& p, rt::Fd f, std::int64_t from, std::int64_t length)
        : pool(p), file(std::move(f)), next(from), left(length) {}

    rt::Pool& pool;
    rt::Fd file;
    std::int64_t next, left;                 // what has not been asked of the disk yet
    Buffers buffers;
    bool busy = false;
    int filling = 0;
    base::Result<std::size_t> got{std::size_t{0}};
    rt::Signal done;
};

static base::Result<std::size_t> ReadAll(int file, char* to, std::size_t count, std::int64_t at) {
    std::size_t have = 0;
    while (have < count) {
        ssize_t got = pread(file, to + have, count - have, at + static_cast<std::int64_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return base::FromErrno(errno, "read a file");
        if (got == 0) return base::Error{base::Code::kIo, "the file has become shorter while it was read"};
        have += static_cast<std::size_t>(got);
    }
    return have;
}

ReadAhead::ReadAhead(rt::Pool& pool, rt::Fd file, std::int64_t from, std::int64_t length)
    : rep_(std::make_shared<Rep>(pool, std::move(file), from, length)) {}

rt::Co<void> ReadAhead::Fill(std::shared_ptr<Rep> rep, int buffer) {
    std::size_t count = static_cast<std::size_t>(std::min<std::int64_t>(rep->left, kPiece));
    std::int64_t at = rep->next;
    rep->next += static_cast<std::int64_t>(count);
    rep->left -= static_cast<std::int64_t>(count);
    rep->buffers[buffer].resize(count);
    auto read = [rep, buffer, count, at] { return ReadAll(rep->file.get(), rep->buffers[buffer].data(), count, at); };
    rep->got = co_await rep->pool.Run(std::move(read));
    rep->busy = false;
    rep->done.Notify();
}

rt::Co<void> ReadAhead::Begin() {
    rep_->busy = true;
    co_await rt::Detach(Fill(rep_, rep_->filling));
}

rt::Co<base::Result<std::string_view>> ReadAhead::Next() {
    bool first = !rep_->busy && rep_->buffers[0].empty() && rep_->buffers[1].empty();
    if (first && rep_->left > 0) co_await Begin();
    while (rep_->busy) co_await rep_->done.Wait();
    if (!rep_->got) co_return rep_->got.error();
    const std::vector<char>& ready = rep_->buffers[rep_->filling];
    std::string_view piece(ready.data(), *rep_->got);
    rep_->filling = 1 - rep_->filling;
    rep_->got = std::size_t{0};
    if (rep_->left > 0) co_await Begin();
    co_return piece;
}

struct WriteBehind::Rep {
    Rep(rt::Pool& p, std::shared_ptr<Sink> s) : pool(p), sink(std::move(s)) {}

    rt::Pool& pool;
    std::shared_ptr<Sink> sink;
    Buffers buffers;
    bool busy = false;
    int free = 0;                            // the buffer that the caller fills
    std::int64_t at = 0;
    base::Result<> last;
    rt::Signal done;
};

WriteBehind::WriteBehind(rt::Pool& pool, std::shared_ptr<Sink> sink)
    : rep_(std::make_shared<Rep>(pool, std::move(sink))) {
    for (auto& buffer : rep_->buffers) buffer.resize(kPiece);
}

std::span<char> WriteBehind::Room() { return rep_->buffers[rep_->free]; }
std::int64_t WriteBehind::taken() const { return rep_->at; }

rt::Co<void> WriteBehind::Drain(std::shared_ptr<Rep> rep, int buffer, std::size_t count, std::int64_t at) {
    auto write = [rep, buffer, count, at] { return rep->sink->Write({rep->buffers[buffer].data(), count}, at); };
    rep->last = co_await rep->pool.Run(std::move(write));
    rep->busy = false;
    rep->done.Notify();
}

rt::Co<void> WriteBehind::Idle() {
    while (rep_->busy) co_await rep_->done.Wait();
}

rt::Co<base::Result<>> WriteBehind::Put(std::size_t count) {
    co_await Idle();
    CO_CHECK(rep_->last);
    if (count == 0) co_return base::Result<>{};
    rep_->busy = true;
    int buffer = rep_->free;
    rep_->free = 1 - buffer;
    std::int64_t at = rep_->at;
    rep_->at += static_cast<std::int64_t>(count);
    co_await rt::Detach(Drain(rep_, buffer, count, at));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> WriteBehind::Finish() {
    co_await Idle();
    CO_CHECK(rep_->last);
    auto end = [rep = rep_] { return rep->sink->End(); };
    co_return co_await rep_->pool.Run(std::move(end));
}

}  // namespace storage
