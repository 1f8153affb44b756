#include "storage/steps.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace storage {
namespace {

constexpr std::int64_t kStep = 64 << 20;         // a cancel waits for no more than this
constexpr std::size_t kBuffer = 1 << 20;

// The next bytes that are really there, from `at`; {size, size} when only a hole is left.
struct Data {
    std::int64_t from, to;
};
Data NextData(int file, std::int64_t at, std::int64_t size) {
    std::int64_t from = lseek(file, at, SEEK_DATA);
    if (from < 0) return errno == ENXIO ? Data{size, size} : Data{at, size};   // no holes known: all of it
    std::int64_t to = lseek(file, from, SEEK_HOLE);
    return {from, to < 0 ? size : std::min(to, size)};
}

constexpr std::size_t kGrain = 64 << 10;         // zeros are looked for in pieces of this size

bool AllZero(const char* bytes, std::size_t count) {
    return count == 0 || (*bytes == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

}  // namespace

rt::Co<base::Result<>> RunSteps(rt::Pool& pool, std::shared_ptr<Steps> steps, task::Progress& progress) {
    for (;;) {
        if (progress.cancelled()) co_return base::Error{base::Code::kCancelled, "cancelled by request"};
        auto step = [steps] { return steps->Step(); };
        auto more = co_await pool.Run(std::move(step));
        if (!more) co_return std::move(more).error();
        progress.Percent(steps->percent());
        if (!*more) co_return base::Result<>{};
    }
}

base::Result<std::shared_ptr<CopyFile>> CopyFile::Begin(const Root& from, const std::string& path, const Root& to,
                                                        const std::string& name) {
    TRY(source, from.OpenFile(path));
    return Begin(std::move(source), from.Text(path), to, name, How::kQuick);
}

base::Result<std::shared_ptr<CopyFile>> CopyFile::Begin(rt::Fd source, std::string text, const Root& to,
                                                        const std::string& name, How how) {
    TRY(draft, Draft::Begin(to, name));
    struct stat st {};
    if (fstat(source.get(), &st)) return base::FromErrno(errno, "look at " + text);
    auto copy = std::make_shared<CopyFile>(std::move(source), std::move(draft), st.st_size);
    copy->how_ = how;
    if (how != How::kQuick) copy->buffer_.resize(kBuffer);       // no sharing of blocks, no copying of zeros
    if (how == How::kQuick && copy->Clone()) return copy;
    if (std::int64_t needs = st.st_blocks * 512, has = to.FreeBytes(); needs > has)
        return base::Error{base::Code::kNoSpace, base::Cat("no room for ", to.Text(name), ": it needs ", needs >> 20,
                                                           " MiB, the datastore has ", has >> 20, " MiB")};
    if (ftruncate(copy->draft_.fd(), st.st_size)) return copy->Fail(errno);
    return copy;
}

bool CopyFile::Clone() {
    if (ioctl(draft_.fd(), FICLONE, source_.get())) return false;
    at_ = size_;
    return true;
}

base::Error CopyFile::Fail(int number) const {
    return base::FromErrno(number, "copy to " + draft_.root().Text(draft_.path()));
}

base::Result<> CopyFile::Piece(std::int64_t end) {
    while (at_ < end && buffer_.empty()) {
        loff_t in = at_, out = at_;
        ssize_t put = copy_file_range(source_.get(), &in, draft_.fd(), &out, static_cast<std::size_t>(end - at_), 0);
        if (put > 0) at_ += put;
        else if (put < 0 && errno == EINTR) continue;
        else if (put < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) return Fail(errno);
        else buffer_.resize(kBuffer);            // not between these two: by hand
    }
    while (at_ < end) {
        ssize_t got = pread(source_.get(), buffer_.data(),
                            std::min<std::size_t>(buffer_.size(), static_cast<std::size_t>(end - at_)), at_);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Fail(errno);
        if (got == 0)
            return base::Error{base::Code::kIo,
                               draft_.root().Text(draft_.path()) + ": the source became shorter while it was copied"};
        CHECK(Put(static_cast<std::size_t>(got)));
        at_ += got;
    }
    return {};
}

// What is in the buffer, where we are; without its zeros when they are not wanted.
base::Result<> CopyFile::Put(std::size_t count) {
    if (how_ != How::kWithoutZeros) return draft_.Write(buffer_.data(), count, at_);
    for (std::size_t begin = 0; begin < count;) {
        std::size_t end = begin;
        while (end < count && !AllZero(buffer_.data() + end, std::min(kGrain, count - end))) end += kGrain;
        end = std::min(end, count);
        if (end > begin) CHECK(draft_.Write(buffer_.data() + begin, end - begin, at_ + std::int64_t(begin)));
        begin = end;
        if (begin < count) begin += kGrain;
    }
    return {};
}

base::Result<bool> CopyFile::Step() {
    for (std::int64_t left = kStep; at_ < size_ && left > 0;) {
        Data data = NextData(source_.get(), at_, size_);
        at_ = data.from;
        std::int64_t end = std::min(data.to, at_ + left);
        left -= end - at_;
        // In one piece, as far as the file system can; where it cannot ask for that, it does what it can.
        if (how_ == How::kDense && end > at_ && fallocate(draft_.fd(), FALLOC_FL_KEEP_SIZE, at_, end - at_) &&
            errno == ENOSPC)
            return Fail(errno);
        CHECK(Piece(end));
    }
    return at_ < size_;
}

base::Result<> PunchZeros::Punch(std::int64_t from, std::int64_t to) {
    if (to <= from) return {};
    if (fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from) == 0) return {};
    return base::FromErrno(errno, "give back unused blocks of " + text_);
}

base::Result<bool> PunchZeros::Step() {
    buffer_.resize(kBuffer);
    std::int64_t stop = std::min(size_, at_ + kStep);
    while (at_ < stop) {
        Data data = NextData(file_.get(), at_, size_);
        CHECK(Punch(at_, std::min(data.from, size_)));   // blocks that were taken and never written
        at_ = data.from;
        if (at_ >= std::min(stop, data.to)) continue;
        std::size_t count = std::min<std::size_t>(kBuffer, static_cast<std::size_t>(data.to - at_));
        ssize_t got = pread(file_.get(), buffer_.data(), count, at_);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return base::FromErrno(got ? errno : EIO, "read " + text_);
        for (std::int64_t i = 0; i < got; i += kGrain) {
            std::int64_t piece = std::min<std::int64_t>(kGrain, got - i);
            if (AllZero(buffer_.data() + i, static_cast<std::size_t>(piece))) CHECK(Punch(at_ + i, at_ + i + piece));
        }
        at_ += got;
    }
    if (at_ < size_) return true;
    if (fdatasync(file_.get())) return base::FromErrno(errno, "give back unused blocks of " + text_);
    return false;
}

base::Result<> CopyFolder::Collect(const std::string& path, const std::string& name) {
    folders_.push_back(name);
    TRY(entries, from_.List(path));
    for (const Entry& e : entries) {
        std::string from = base::Cat(path, '/', e.name), to = base::Cat(name, '/', e.name);
        if (e.folder) {
            CHECK(Collect(from, to));
            continue;
        }
        total_ += e.size;
        needs_ += std::min(e.allocated, e.size);
        files_.push_back({std::move(from), std::move(to), e.size});
    }
    return {};
}

base::Result<std::shared_ptr<CopyFolder>> CopyFolder::Begin(const Root& from, const std::string& path, const Root& to,
                                                            const std::string& name) {
    auto copy = std::make_shared<CopyFolder>(from, to);
    CHECK(copy->Collect(path, name));
    if (copy->needs_ > to.FreeBytes())
        return base::Error{base::Code::kNoSpace,
                           base::Cat("no room for ", to.Text(name), ": it needs ", copy->needs_ >> 20,
                                     " MiB, the datastore has ", to.FreeBytes() >> 20, " MiB")};
    return copy;
}

int CopyFolder::percent() const {
    std::int64_t now = done_ + (now_ ? now_->at() : 0);
    return total_ ? static_cast<int>(std::min<std::int64_t>(now, total_) * 100 / total_) : 100;
}

base::Result<bool> CopyFolder::Step() {
    if (made_ < folders_.size()) {
        for (; made_ < folders_.size(); ++made_) CHECK(to_.MakeFolder(folders_[made_]));
        return true;
    }
    if (copied_ == files_.size()) return false;
    const File& file = files_[copied_];
    if (!now_) {
        TRY(begun, CopyFile::Begin(from_, file.from, to_, file.to));
        now_ = std::move(begun);
    }
    TRY(more, now_->Step());
    if (more) return true;
    CHECK(now_->draft().Publish(false));
    now_ = nullptr;
    done_ += file.size;
    return ++copied_ < files_.size();
}

base::Result<bool> WriteZeros::Step() {
    static const std::vector<char> zeros(kBuffer);
    std::int64_t stop = std::min(size_, at_ + kStep);
    while (at_ < stop) {
        std::int64_t end = stop;
        if (where_ == Where::kHoles) {
            Data data = NextData(file_.get(), at_, size_);
            if (data.from <= at_) {
                at_ = std::min(data.to, stop);
                continue;
            }
            end = std::min(data.from, stop);
        }
        std::size_t count = std::min<std::size_t>(kBuffer, static_cast<std::size_t>(end - at_));
        ssize_t put = pwrite(file_.get(), zeros.data(), count, at_);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return base::FromErrno(errno, "write zeros to " + text_);
        at_ += put;
    }
    if (at_ < size_) return true;
    if (fdatasync(file_.get())) return base::FromErrno(errno, "write zeros to " + text_);
    return false;
}

}  // namespace storage
