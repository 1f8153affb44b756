#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "base/text.h"
#include "codec/vmdk_stream.h"
#include "rt/file_writer.h"
#include "rt/loop.h"
#include "rt/signal.h"
#include "vm/disk_stream.h"
#include "vm/hashes.h"

namespace vm {
struct Upload::Rep {
    Rep(rt::Pool& p, rt::Fd f, bool sha256) : pool(p), file(std::move(f)), hashes(sha256) {
        for (auto& buffer : buffers) buffer.resize(kStreamPiece);
    }

    base::Result<> WriteAt(std::string_view bytes, std::int64_t at) {
        int failed = writer.Put(file.get(), bytes, at);
        if (failed == ENOSPC || failed == EDQUOT) return base::Error{base::Code::kNoSpace, "the datastore is full"};
        if (failed) return base::FromErrno(failed, "write to the datastore");
        return {};
    }
    base::Result<> Take(std::string_view piece) {
        if (disk) return disk->Feed(piece);
        CHECK(WriteAt(piece, taken));
        taken += static_cast<std::int64_t>(piece.size());
        return {};
    }

    rt::Pool& pool;
    rt::Fd file;
    std::optional<codec::VmdkStreamReader> disk;
    Hashes hashes;
    std::array<std::vector<char>, 2> buffers;
    std::size_t free = 0;                        // the buffer that the caller fills
    int busy = 0;
    rt::FileWriter writer;
    std::int64_t taken = 0, populated = 0, bytes = 0;
    base::Result<> last;
    rt::Signal done;
};

Upload Upload::OfFile(rt::Pool& pool, rt::Fd file, bool sha256) {
    return Upload(std::make_shared<Rep>(pool, std::move(file), sha256));
}

Upload Upload::OfDisk(rt::Pool& pool, rt::Fd extent, std::int64_t capacity, bool sha256) {
    auto rep = std::make_shared<Rep>(pool, std::move(extent), sha256);
    // The reader is a part of the Rep and told of on the thread that feeds it.
    rep->disk.emplace(static_cast<std::uint64_t>(capacity),
                      [raw = rep.get()](std::uint64_t at, std::string_view grain) -> base::Result<> {
                          if (codec::IsZero(grain)) return {};
                          raw->populated += static_cast<std::int64_t>(grain.size());
                          return raw->WriteAt(grain, static_cast<std::int64_t>(at));
                      });
    return Upload(std::move(rep));
}

std::span<char> Upload::Room() { return rep_->buffers[rep_->free]; }

rt::Co<void> Upload::Hash(std::shared_ptr<Rep> rep, std::string_view piece) {
    auto hash = [rep, piece] {
        rep->hashes.Add(piece);
        return true;
    };
    (void)co_await rep->pool.Run(std::move(hash));
    if (--rep->busy == 0) rep->done.Notify();
}

rt::Co<void> Upload::Write(std::shared_ptr<Rep> rep, std::string_view piece) {
    auto write = [rep, piece] { return rep->Take(piece); };
    rep->last = co_await rep->pool.Run(std::move(write));
    if (--rep->busy == 0) rep->done.Notify();
}

rt::Co<void> Upload::Idle() {
    while (rep_->busy > 0) co_await rep_->done.Wait();
}

rt::Co<base::Result<>> Upload::Put(std::size_t count) {
    co_await Idle();
    CO_CHECK(rep_->last);
    if (count == 0) co_return base::Result<>{};
    std::string_view piece(rep_->buffers[rep_->free].data(), count);
    rep_->free = 1 - rep_->free;
    rep_->bytes += static_cast<std::int64_t>(count);
    rep_->busy = 2;
    co_await rt::Detach(Write(rep_, piece));
    co_await rt::Detach(Hash(rep_, piece));
    co_return base::Result<>{};
}

rt::Co<base::Result<Moved>> Upload::Finish() {
    co_await Idle();
    CO_CHECK(rep_->last);
    auto finish = [rep = rep_]() -> base::Result<> {
        if (rep->disk) CHECK(rep->disk->Finish());
        if (fdatasync(rep->file.get()) && errno != EINVAL) {       // EINVAL: what is dropped
            if (errno == ENOSPC || errno == EDQUOT) return base::Error{base::Code::kNoSpace, "the datastore is full"};
            return base::FromErrno(errno, "write to the datastore");
        }
        return {};
    };
    auto finished = co_await rep_->pool.Run(std::move(finish));
    if (!finished) co_return std::move(finished).error();
    Moved moved;
    moved.bytes = rep_->bytes;
    moved.populated = rep_->disk ? rep_->populated : rep_->bytes;
    moved.sha1 = rep_->hashes.Sha1();
    moved.sha256 = rep_->hashes.Sha256();
    co_return moved;
}

}  // namespace vm
