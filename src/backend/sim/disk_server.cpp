#include "backend/sim/disk_server.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace backend::sim {
namespace {

struct Layer {
    rt::Fd file;
    std::string path;
    bool writable;
};

base::Result<Layer> OpenLayer(const DiskLayer& layer) {
    if (layer.format == LayerFormat::kVmdk)
        return base::Error{base::Code::kInvalid, layer.path + ": an imagined machine reads no foreign disks"};
    Layer out{rt::Fd(open(layer.path.c_str(), (layer.writable ? O_RDWR : O_RDONLY) | O_CLOEXEC)), layer.path,
              layer.writable};
    if (!out.file) return base::FromErrno(errno, "open " + layer.path);
    return out;
}

// The next run of data of a file within a range; an empty one at its end: there is none.
DiskRange NextData(int file, std::int64_t from, std::int64_t end) {
    off_t data = lseek(file, from, SEEK_DATA);
    if (data < 0 || data >= end) return {end, 0};
    off_t hole = lseek(file, data, SEEK_HOLE);
    return {data, std::min<std::int64_t>(hole < 0 ? end : hole, end) - data};
}

base::Result<> ReadFully(int file, char* into, std::int64_t offset, std::int64_t length) {
    while (length > 0) {
        ssize_t got = pread(file, into, static_cast<std::size_t>(length), offset);
        if (got <= 0) return base::FromErrno(got ? errno : EIO, "read a disk");
        into += got, offset += got, length -= got;
    }
    return {};
}

base::Result<> WriteFully(int file, const char* from, std::int64_t offset, std::int64_t length) {
    while (length > 0) {
        ssize_t put = pwrite(file, from, static_cast<std::size_t>(length), offset);
        if (put < 0) return base::FromErrno(errno, "write a disk");
        from += put, offset += put, length -= put;
    }
    return {};
}

class Disk final : public OpenedDisk, public std::enable_shared_from_this<Disk> {
public:
    Disk(rt::Pool& pool, std::vector<Layer> layers, std::int64_t size)
        : pool_(pool), layers_(std::move(layers)), size_(size) {}

    std::int64_t size() const override { return size_; }
    rt::Co<base::Result<std::string>> Read(std::int64_t offset, std::int64_t length) override {
        auto work = [self = shared_from_this(), offset, length] { return self->ReadNow(offset, length); };
        return pool_.Run(std::move(work));
    }
    rt::Co<base::Result<>> Write(std::int64_t offset, std::string bytes) override {
        auto work = [self = shared_from_this(), offset, bytes = std::move(bytes)]() -> base::Result<> {
            CHECK(self->Check(offset, static_cast<std::int64_t>(bytes.size())));
            CHECK(self->MayWrite(self->layers_.back()));
            return WriteFully(self->layers_.back().file.get(), bytes.data(), offset,
                              static_cast<std::int64_t>(bytes.size()));
        };
        return pool_.Run(std::move(work));
    }
    rt::Co<base::Result<>> Zero(std::int64_t offset, std::int64_t length) override {
        for (std::int64_t done = 0; done < length; done += kMostAtOnce) {
            std::string zeros(static_cast<std::size_t>(std::min(kMostAtOnce, length - done)), '\0');
            CO_CHECK(co_await Write(offset + done, std::move(zeros)));
        }
        co_return base::Result<>{};
    }
    rt::Co<base::Result<>> Flush() override {
        auto work = [self = shared_from_this()] { return self->Sync(self->layers_.back()); };
        return pool_.Run(std::move(work));
    }
    rt::Co<base::Result<std::vector<DiskRange>>> Allocated(DiskRange within) override {
        auto work = [self = shared_from_this(), within] { return self->AllocatedNow(within); };
        return pool_.Run(std::move(work));
    }
    rt::Co<base::Result<rt::Fd>> ConnectNbd() override {
        co_return base::Error{base::Code::kInvalid, "the disk of an imagined machine is not served by NBD"};
    }
    rt::Co<base::Result<>> Commit(JobWatch watch) override {
        if (layers_.size() < 2 || !layers_[layers_.size() - 2].writable)
            co_return base::Error{base::Code::kInvalid, "there is nothing to commit it into"};
        co_return co_await CopyData(layers_.size() - 1, layers_[layers_.size() - 2].file.get(), std::move(watch));
    }
    rt::Co<base::Result<>> CopyTo(std::string raw, JobWatch watch) override {
        rt::Fd to(open(raw.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!to) co_return base::FromErrno(errno, "make " + raw);
        auto done = base::Result<>{};
        if (ftruncate(to.get(), size_) != 0) done = base::FromErrno(errno, "give " + raw + " its size");
        for (std::size_t i = 0; done && i < layers_.size(); ++i) done = co_await CopyData(i, to.get(), watch);
        if (!done) unlink(raw.c_str());
        co_return done;
    }
    rt::Co<void> Close() override {
        layers_.clear();
        co_return;
    }

private:
    base::Result<> Check(std::int64_t offset, std::int64_t length) const {
        if (offset >= 0 && length >= 0 && length <= size_ && offset <= size_ - length) return {};
        return base::Error{base::Code::kInvalid, base::Cat("the disk has ", size_, " bytes")};
    }
    static base::Result<> MayWrite(const Layer& layer) {
        if (layer.writable) return {};
        return base::Error{base::Code::kDenied, layer.path + " is open for reading only"};
    }
    static base::Result<> Sync(const Layer& layer) {
        if (fsync(layer.file.get()) != 0) return base::FromErrno(errno, "write " + layer.path + " to the disk");
        return {};
    }
    base::Result<std::string> ReadNow(std::int64_t offset, std::int64_t length) const {
        CHECK(Check(offset, length));
        std::string out(static_cast<std::size_t>(length), '\0');
        for (const Layer& layer : layers_) {
            for (std::int64_t at = offset; at < offset + length;) {
                DiskRange run = NextData(layer.file.get(), at, offset + length);
                if (run.length == 0) break;
                CHECK(ReadFully(layer.file.get(), out.data() + (run.offset - offset), run.offset, run.length));
                at = run.offset + run.length;
            }
        }
        return out;
    }
    base::Result<std::vector<DiskRange>> AllocatedNow(DiskRange within) const {
        CHECK(Check(within.offset, within.length));
        std::vector<DiskRange> all, out;
        std::int64_t end = within.offset + within.length;
        for (const Layer& layer : layers_)
            for (std::int64_t at = within.offset; at < end;) {
                DiskRange run = NextData(layer.file.get(), at, end);
                if (run.length == 0) break;
                all.push_back(run);
                at = run.offset + run.length;
            }
        std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.offset < b.offset; });
        for (const DiskRange& run : all) {
            if (out.empty() || run.offset > out.back().offset + out.back().length) out.push_back(run);
            else out.back().length = std::max(out.back().length, run.offset + run.length - out.back().offset);
        }
        return out;
    }
    rt::Co<base::Result<>> CopyData(std::size_t layer, int to, JobWatch watch) {
        int from = layers_[layer].file.get();
        for (std::int64_t at = 0; at < size_;) {
            if (watch.cancelled && watch.cancelled())
                co_return base::Error{base::Code::kCancelled, "the work on the disk was cancelled"};
            if (watch.percent) watch.percent(static_cast<int>(at * 100 / size_));
            DiskRange run = NextData(from, at, size_);
            run.length = std::min(run.length, kMostAtOnce);
            if (run.length == 0) break;
            auto piece = [from, to, run]() -> base::Result<> {
                std::string bytes(static_cast<std::size_t>(run.length), '\0');
                CHECK(ReadFully(from, bytes.data(), run.offset, run.length));
                return WriteFully(to, bytes.data(), run.offset, run.length);
            };
            CO_CHECK(co_await pool_.Run(std::move(piece)));
            at = run.offset + run.length;
        }
        co_return base::Result<>{};
    }

    rt::Pool& pool_;
    std::vector<Layer> layers_;
    std::int64_t size_;
};

}  // namespace

rt::Co<base::Result<std::shared_ptr<OpenedDisk>>> DiskServer::Open(std::vector<DiskLayer> layers) {
    if (layers.empty()) co_return base::Error{base::Code::kInvalid, "open a disk: it has no files"};
    std::vector<Layer> opened;
    for (const DiskLayer& layer : layers) {
        CO_TRY(one, OpenLayer(layer));
        opened.push_back(std::move(one));
    }
    struct stat found;
    if (fstat(opened.back().file.get(), &found) != 0) co_return base::FromErrno(errno, "look at " + opened.back().path);
    co_return std::make_shared<Disk>(pool_, std::move(opened), found.st_size);
}

rt::Co<base::Result<>> DiskServer::MakeOverlay(std::string path, std::int64_t size) {
    rt::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file || ftruncate(file.get(), size) != 0) co_return base::FromErrno(errno, "make " + path);
    co_return base::Result<>{};
}

}  // namespace backend::sim
