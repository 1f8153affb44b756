#include "store/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "rt/loop.h"
#include "rt/signal.h"
#include "store/file.h"
#include "store/frame.h"

namespace store {

using base::Cat;

static constexpr std::string_view kFileHead = "bedjrnl1";
static constexpr std::size_t kMostBytes = std::size_t(1) << 30;   // far above what a rewrite lets it become

namespace {

// Who waits for one sync.
struct Batch {
    std::string bytes;
    std::optional<base::Result<>> result;
    rt::Signal done;
};

// What goes to the pool, and what comes back.
struct Work {
    std::string path;
    std::shared_ptr<const rt::Fd> file;
    std::uint64_t size = 0;
    std::string bytes;
    std::optional<std::string> live;      // set: rewrite the file as this, then `bytes`
};
struct Done {
    base::Result<> result;
    std::shared_ptr<const rt::Fd> file;
    std::uint64_t size = 0;
    bool rewritten = false;
    bool doubtful = false;                // the file may hold what we said it does not
};

base::Result<std::shared_ptr<const rt::Fd>> WriteAnew(const std::string& path, std::string_view content) {
    CHECK(rt::WriteFileAtomically(path, content, 0600));
    TRY(file, OpenFile(path, O_RDWR));
    return std::make_shared<const rt::Fd>(std::move(file));
}

Done AppendTo(const Work& work) {
    Done done{.file = work.file, .size = work.size};
    done.result = WriteAt(*work.file, work.bytes, work.size, work.path);
    if (done.result && fdatasync(work.file->get()) != 0) {
        done.result = base::FromErrno(errno, Cat("sync ", work.path));
        done.doubtful = true;             // the kernel may have dropped the pages it could not write
    }
    if (done.result) done.size += work.bytes.size();
    else if (ftruncate(work.file->get(), off_t(work.size)) != 0) done.doubtful = true;
    return done;
}

Done Perform(Work work) {
    if (work.live) {
        std::string content = Cat(kFileHead, *work.live, work.bytes);
        if (auto file = WriteAnew(work.path, content))
            return Done{.file = *file, .size = content.size(), .rewritten = true};
        else
            base::LogWarning("journal",
                             Cat("could not rewrite ", work.path, ", it goes on growing: ", file.error().message));
    }
    return AppendTo(work);
}

}  // namespace

struct Journal::Rep {
    Rep(std::string p, rt::Pool& pl) : path(std::move(p)), pool(pl) {}

    bool RewriteIsDue() const { return live && (doubtful || size > std::max(above, 2 * size_rewritten)); }
    Work NextWork(std::string bytes) const;
    void Take(Done done);
    static rt::Co<void> WriteAll(std::shared_ptr<Rep> self);

    const std::string path;
    rt::Pool& pool;
    std::shared_ptr<const rt::Fd> file;
    std::uint64_t size = 0;
    std::uint64_t size_rewritten = 0;     // what the last rewrite left, or tried to
    std::uint64_t above = 0;
    std::uint64_t syncs = 0;
    bool doubtful = false;
    bool writing = false;
    std::function<std::vector<std::string>()> live;
    std::shared_ptr<Batch> gathering = std::make_shared<Batch>();
};

Work Journal::Rep::NextWork(std::string bytes) const {
    Work work{.path = path, .file = file, .size = size, .bytes = std::move(bytes)};
    if (!RewriteIsDue()) return work;
    work.live.emplace();
    for (const auto& record : live()) AppendFrame(*work.live, record);
    return work;
}

void Journal::Rep::Take(Done done) {
    file = std::move(done.file);
    size = done.size;
    ++syncs;
    if (done.rewritten) doubtful = false;
    doubtful = doubtful || done.doubtful;
}

rt::Co<void> Journal::Rep::WriteAll(std::shared_ptr<Rep> self) {
    while (!self->gathering->bytes.empty()) {
        auto batch = std::exchange(self->gathering, std::make_shared<Batch>());
        Work work = self->NextWork(std::move(batch->bytes));
        bool tried = work.live.has_value();
        auto step = [w = std::move(work)]() mutable { return Perform(std::move(w)); };
        Done done = co_await self->pool.Run(std::move(step));
        batch->result = done.result;
        self->Take(std::move(done));
        if (tried) self->size_rewritten = self->size;   // a failed rewrite waits for the next doubling too
        batch->done.Notify();
    }
    self->writing = false;
}

rt::Co<base::Result<>> Journal::Append(std::string record) {
    if (record.size() > kMaxRecord)
        co_return base::Error(base::Code::kInvalid,
                              Cat("a journal record of ", record.size(), " bytes is too long for ", rep_->path));
    auto rep = rep_;
    auto batch = rep->gathering;
    AppendFrame(batch->bytes, record);
    if (!rep->writing) {
        rep->writing = true;
        co_await rt::Detach(Rep::WriteAll(rep));
    }
    if (!batch->result) co_await batch->done.Wait();
    if (!batch->result) co_return base::Error(base::Code::kCancelled, Cat(rep->path, " was closed"));
    co_return *batch->result;
}

void Journal::RewriteWith(std::function<std::vector<std::string>()> live, std::uint64_t above) {
    rep_->live = std::move(live);
    rep_->above = above;
}

std::uint64_t Journal::bytes() const { return rep_->size; }
std::uint64_t Journal::syncs() const { return rep_->syncs; }
Journal::~Journal() = default;

// Keeps the bad file for a person, and says what is lost.
static base::Result<> SetAside(const std::string& path, std::size_t kept) {
    TRY(aside, KeepDamaged(path));
    base::LogError("journal", Cat(path, " is damaged: its first ", kept,
                                  " records are used, what follows is lost. The damaged file is kept as ", aside,
                                  "; check the disk"));
    return {};
}

base::Result<OpenedJournal> Journal::Open(std::string path, rt::Pool& pool) {
    auto content = rt::ReadFile(path, kMostBytes);
    if (!content && content.error().code != base::Code::kNotFound)
        return std::move(content).error().While("open journal");
    std::string_view bytes = content ? std::string_view(*content) : std::string_view();

    Frames frames;
    bool fresh = bytes.size() < kFileHead.size() && kFileHead.starts_with(bytes);  // absent, or cut while it was made
    if (!fresh && bytes.starts_with(kFileHead)) frames = ReadFrames(bytes.substr(kFileHead.size()));
    else if (!fresh) frames.tail = Tail::kDamaged;

    auto rep = std::make_shared<Rep>(path, pool);
    rep->size = kFileHead.size() + frames.good;
    if (frames.tail == Tail::kDamaged) CHECK(SetAside(path, frames.records.size()));
    if (frames.tail == Tail::kTorn)
        base::LogWarning("journal",
                         Cat(path, " ended in the middle of a record (power cut or crash): cut off its last ",
                             bytes.size() - rep->size, " bytes, which nobody was told were kept"));
    if (fresh || frames.tail != Tail::kClean) {
        std::string good = fresh || frames.good == 0 ? std::string(kFileHead) : std::string(bytes.substr(0, rep->size));
        TRY(file, WriteAnew(path, good));
        rep->file = file;
    } else {
        TRY(file, OpenFile(path, O_RDWR));
        rep->file = std::make_shared<const rt::Fd>(std::move(file));
    }
    OpenedJournal out;
    out.journal.reset(new Journal(rep));
    out.records = std::move(frames.records);
    return out;
}

}  // namespace store
