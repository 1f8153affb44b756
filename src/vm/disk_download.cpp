#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <optional>
#include <vector>

#include "codec/vmdk_stream.h"
#include "rt/loop.h"
#include "rt/signal.h"
#include "vm/disk_stream.h"
#include "vm/hashes.h"

namespace vm {
namespace {

constexpr std::size_t kJobs = 3;
constexpr std::int64_t kPlanned = 16ll << 30;    // bytes that are looked over at once

base::Result<std::vector<backend::DiskRange>> DataIn(int file, std::int64_t from, std::int64_t to) {
    std::vector<backend::DiskRange> out;
    while (from < to) {
        off_t data = lseek(file, from, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;           // nothing but a hole to the end
        if (data < 0) return std::vector<backend::DiskRange>{{from, to - from}};   // the file system does not know
        if (data >= to) break;
        off_t hole = lseek(file, data, SEEK_HOLE);
        std::int64_t end = hole < 0 ? to : std::min<std::int64_t>(hole, to);
        out.push_back({data, end - data});
        from = end;
    }
    return out;
}

base::Result<std::string> ReadAt(int file, backend::DiskRange range, std::string out) {
    out.resize(static_cast<std::size_t>(range.length));
    for (std::size_t done = 0; done < out.size();) {
        ssize_t got = pread(file, out.data() + done, out.size() - done, range.offset + static_cast<std::int64_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return base::FromErrno(errno, "read a disk");
        if (got == 0) return base::Error{base::Code::kIo, "the disk has become shorter while it was read"};
        done += static_cast<std::size_t>(got);
    }
    return out;
}

class Flat : public DiskSource {
public:
    Flat(rt::Pool& pool, rt::Fd file, std::int64_t bytes)
        : pool_(pool), file_(std::make_shared<rt::Fd>(std::move(file))), bytes_(bytes) {}
    std::int64_t capacity() const override { return bytes_; }
    rt::Co<base::Result<std::vector<backend::DiskRange>>> Data(backend::DiskRange within) override {
        auto look = [file = file_, within] {
            return DataIn(file->get(), within.offset, within.offset + within.length);
        };
        co_return co_await pool_.Run(std::move(look));
    }
    rt::Co<base::Result<std::string>> Read(backend::DiskRange range, std::string room) override {
        auto read = [file = file_, range, room = std::move(room)]() mutable {
            return ReadAt(file->get(), range, std::move(room));
        };
        co_return co_await pool_.Run(std::move(read));
    }

private:
    rt::Pool& pool_;
    std::shared_ptr<rt::Fd> file_;               // also of work on the pool that nobody waits for any more
    std::int64_t bytes_;
};

// One question at a time.
class Chain : public DiskSource {
public:
    explicit Chain(std::shared_ptr<backend::OpenedDisk> disk) : disk_(std::move(disk)) {}
    std::int64_t capacity() const override { return disk_->size(); }
    rt::Co<base::Result<std::vector<backend::DiskRange>>> Data(backend::DiskRange within) override {
        co_await Take();
        auto out = co_await disk_->Allocated(within);
        Release();
        co_return out;
    }
    rt::Co<base::Result<std::string>> Read(backend::DiskRange range, std::string) override {
        co_await Take();
        auto out = co_await disk_->Read(range.offset, range.length);
        Release();
        co_return out;
    }

private:
    rt::Co<void> Take() {
        while (busy_) co_await free_.Wait();
        busy_ = true;
    }
    void Release() {
        busy_ = false;
        free_.Notify();
    }
    std::shared_ptr<backend::OpenedDisk> disk_;
    bool busy_ = false;
    rt::Signal free_;
};

struct Packed {
    std::vector<std::pair<std::uint64_t, std::size_t>> grains;     // number, and how much of `bytes` it is
    std::string bytes;
    std::string room;                            // of what was packed: to be used again
};
static_assert(codec::kTableGrains * codec::kStreamGrain % kStreamPiece == 0);   // a piece is told of by one table

}  // namespace

std::shared_ptr<DiskSource> FlatSource(rt::Pool& pool, rt::Fd file, std::int64_t capacity) {
    return std::make_shared<Flat>(pool, std::move(file), capacity);
}
std::shared_ptr<DiskSource> ChainSource(std::shared_ptr<backend::OpenedDisk> disk) {
    return std::make_shared<Chain>(std::move(disk));
}

struct Download::Rep {
    Rep(rt::Pool& p, std::shared_ptr<DiskSource> s, bool sha256) : pool(p), source(std::move(s)), hashes(sha256) {}

    Packed PackPiece(std::int64_t at, std::string bytes, std::string room) const {
        Packed out;
        if (!writer) {
            out.bytes = std::move(bytes);
            out.room = std::move(room);
            return out;
        }
        out.bytes = std::move(room);
        out.bytes.clear();
        for (std::size_t i = 0; i < bytes.size(); i += codec::kStreamGrain) {
            std::string_view grain = std::string_view(bytes).substr(i, codec::kStreamGrain);
            if (codec::IsZero(grain)) continue;
            std::string whole;
            if (grain.size() < codec::kStreamGrain) {    // the last one of an odd disk is filled up
                whole = grain;
                whole.resize(codec::kStreamGrain);
                grain = whole;
            }
            std::uint64_t number = (static_cast<std::uint64_t>(at) + i) / codec::kStreamGrain;
            out.grains.emplace_back(number, codec::PackGrain(out.bytes, number, grain));
        }
        out.room = std::move(bytes);
        return out;
    }

    // Pieces come and go so fast that fresh memory for each would cost as much as packing it.
    std::string TakeRoom() {
        if (spare.empty()) return {};
        std::string room = std::move(spare.back());
        spare.pop_back();
        return room;
    }
    void Keep(std::string room) {
        if (room.capacity() >= codec::kStreamGrain && spare.size() < 2 * kJobs) spare.push_back(std::move(room));
    }

    rt::Pool& pool;
    std::shared_ptr<DiskSource> source;
    std::optional<codec::VmdkStreamWriter> writer;       // none: a plain file
    bool began = false, planned_all = false, ended = false, hashing = false;
    std::int64_t next_plan = 0;
    std::deque<std::int64_t> planned;
    struct Slot {
        std::optional<base::Result<Packed>> result;
    };
    std::deque<std::size_t> order;                       // slots in flight, oldest first
    std::array<Slot, kJobs> slots;
    std::array<bool, kJobs> used{};
    std::string current;
    std::vector<std::string> spare;
    Hashes hashes;
    Moved moved;
    rt::Signal changed;
};

Download Download::OfDisk(rt::Pool& pool, std::shared_ptr<DiskSource> source, std::string name, std::string adapter,
                          bool sha256) {
    auto rep = std::make_shared<Rep>(pool, std::move(source), sha256);
    rep->writer.emplace(static_cast<std::uint64_t>(rep->source->capacity()), std::move(name), std::move(adapter));
    return Download(std::move(rep));
}

Download Download::OfFile(rt::Pool& pool, std::shared_ptr<DiskSource> source, bool sha256) {
    return Download(std::make_shared<Rep>(pool, std::move(source), sha256));
}

rt::Co<void> Download::Pack(std::shared_ptr<Rep> rep, std::size_t slot, std::int64_t at) {
    std::int64_t length = std::min<std::int64_t>(kStreamPiece, rep->source->capacity() - at);
    auto bytes = co_await rep->source->Read({at, length}, rep->TakeRoom());
    if (!bytes) {
        rep->slots[slot].result.emplace(std::move(bytes).error());
    } else {
        auto pack = [rep, at, text = *std::move(bytes), room = rep->TakeRoom()]() mutable {
            return rep->PackPiece(at, std::move(text), std::move(room));
        };
        rep->slots[slot].result.emplace(co_await rep->pool.Run(std::move(pack)));
    }
    rep->changed.Notify();
}

rt::Co<void> Download::Hash(std::shared_ptr<Rep> rep, std::string_view piece) {
    auto hash = [rep, piece] {
        rep->hashes.Add(piece);
        return true;
    };
    (void)co_await rep->pool.Run(std::move(hash));
    rep->hashing = false;
    rep->changed.Notify();
}

// Which pieces hold data: the next stretch of the disk that has any.
rt::Co<base::Result<>> Download::Plan() {
    constexpr auto kPiece = static_cast<std::int64_t>(kStreamPiece);
    const std::int64_t end = rep_->source->capacity();
    while (rep_->planned.empty() && rep_->next_plan < end) {
        backend::DiskRange within{rep_->next_plan, std::min(kPlanned, end - rep_->next_plan)};
        std::vector<backend::DiskRange> data{within};
        if (rep_->writer) {
            CO_TRY(found, co_await rep_->source->Data(within));
            data = std::move(found);
        }
        for (const backend::DiskRange& range : data)
            for (std::int64_t at = range.offset / kPiece * kPiece; at < range.offset + range.length; at += kPiece)
                if (rep_->planned.empty() || rep_->planned.back() < at) rep_->planned.push_back(at);
        rep_->next_plan = within.offset + within.length;
    }
    if (rep_->planned.empty()) rep_->planned_all = true;
    co_return base::Result<>{};
}

// The piece before may still be hashed: its bytes stay until that is done.
rt::Co<base::Result<std::string_view>> Download::Give(std::string piece) {
    while (rep_->hashing) co_await rep_->changed.Wait();
    rep_->Keep(std::exchange(rep_->current, std::move(piece)));
    rep_->moved.bytes += static_cast<std::int64_t>(rep_->current.size());
    rep_->hashing = true;
    co_await rt::Detach(Hash(rep_, rep_->current));
    co_return std::string_view(rep_->current);
}

rt::Co<base::Result<std::string_view>> Download::Next() {
    Rep& r = *rep_;
    if (!std::exchange(r.began, true) && r.writer) {
        std::string head = r.writer->Head();
        co_return co_await Give(std::move(head));
    }
    for (;;) {
        if (r.planned.empty() && !r.planned_all) CO_CHECK(co_await Plan());
        for (std::size_t slot = 0; slot < kJobs && !r.planned.empty(); ++slot) {
            if (std::exchange(r.used[slot], true)) continue;
            r.order.push_back(slot);
            std::int64_t at = r.planned.front();
            r.planned.pop_front();
            co_await rt::Detach(Pack(rep_, slot, at));
        }
        if (r.order.empty()) break;
        std::size_t slot = r.order.front();
        while (!r.slots[slot].result) co_await r.changed.Wait();
        base::Result<Packed> packed = *std::move(r.slots[slot].result);
        r.slots[slot].result.reset();
        r.used[slot] = false;
        r.order.pop_front();
        if (!packed) co_return std::move(packed).error();
        r.Keep(std::move(packed->room));
        std::string piece = std::move(packed->bytes);
        for (const auto& [grain, size] : packed->grains) {
            CO_TRY(table, r.writer->Add(grain, size));
            if (!table.empty()) piece.insert(0, table);
            r.moved.populated += static_cast<std::int64_t>(codec::kStreamGrain);
        }
        if (!piece.empty()) co_return co_await Give(std::move(piece));
    }
    if (std::exchange(r.ended, true) || !r.writer) co_return std::string_view();
    std::string tail = r.writer->Tail();
    co_return co_await Give(std::move(tail));
}

std::int64_t Download::size() const { return rep_->source->capacity(); }

rt::Co<Moved> Download::Result() {
    while (rep_->hashing) co_await rep_->changed.Wait();
    Moved out = rep_->moved;
    if (!rep_->writer) out.populated = out.bytes;
    out.sha1 = rep_->hashes.Sha1();
    out.sha256 = rep_->hashes.Sha256();
    co_return out;
}

}  // namespace vm
