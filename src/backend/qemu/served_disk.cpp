#include "backend/qemu/served_disk.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include "backend/qemu/qmp/commands.h"
#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

constexpr const char* kExport = "disk";

base::Result<std::vector<DiskRange>> DataWithin(NbdClient& nbd, DiskRange within) {
    std::vector<DiskRange> out;
    std::int64_t at = within.offset, end = within.offset + within.length;
    while (at < end) {
        TRY(extents, nbd.Extents(at, end - at));
        for (const NbdClient::Extent& extent : extents) {
            std::int64_t length = std::min(extent.length, end - at);
            if (length <= 0) break;
            bool empty = (extent.flags & NbdClient::kZero) != 0;
            if (!empty && !out.empty() && out.back().offset + out.back().length == at) out.back().length += length;
            else if (!empty) out.push_back({at, length});
            at += length;
        }
    }
    return out;
}

base::Result<> MakeRaw(const std::string& path, std::int64_t size) {
    rt::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::FromErrno(errno, "make " + path);
    if (ftruncate(file.get(), size) == 0) return {};
    int number = errno;
    unlink(path.c_str());
    return base::FromErrno(number, "give " + path + " its size");
}

}  // namespace

base::Result<> SyncFile(const std::string& path) {
    rt::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || fsync(file.get()) != 0) return base::FromErrno(errno, "write " + path + " to the disk");
    return {};
}

rt::Co<base::Result<>> ServedDisk::Begin() {
    CO_CHECK(co_await process_->Serve());
    qmp::NbdExport what{.id = kExport, .node = nodes_.top, .name = kNbdName, .writable = nodes_.writable};
    CO_CHECK(co_await qmp::AddNbdExport(process_->qemu(), std::move(what)));
    auto connect = [this]() -> base::Result<std::unique_ptr<NbdClient>> {
        TRY(socket, process_->Connect());
        return NbdClient::Open(std::move(socket), kNbdName, NbdClient::kAllocation);
    };
    auto client = co_await process_->pool().Run(std::move(connect));
    if (!client) co_return std::move(client).error().While("open " + nodes_.top_path);
    nbd_ = *std::move(client);
    size_ = nbd_->size();
    co_return base::Result<>{};
}

template <class F> auto ServedDisk::Ask(F work) {
    auto step = [nbd = nbd_, work = std::move(work),
                 path = nodes_.top_path]() mutable -> std::invoke_result_t<F, NbdClient&> {
        if (!nbd) return base::Error{base::Code::kInternal, path + " is not open any more"};
        auto result = work(*nbd);
        if (!result) return std::move(result).error().While(path);
        return result;
    };
    return process_->pool().Run(std::move(step));
}

base::Result<> ServedDisk::Check(std::int64_t offset, std::int64_t length) const {
    if (offset >= 0 && length >= 0 && length <= size_ && offset <= size_ - length) return {};
    return base::Error{base::Code::kInvalid, base::Cat(nodes_.top_path, " has ", size_, " bytes; ", length, " at ",
                                                       offset, " are not all in it")};
}

rt::Co<base::Result<std::string>> ServedDisk::Read(std::int64_t offset, std::int64_t length) {
    auto self = shared_from_this();
    CO_CHECK(Check(offset, length));
    if (length > kMostAtOnce) co_return base::Error{base::Code::kInvalid, "a read of a disk is too large"};
    auto read = [offset, length](NbdClient& nbd) -> base::Result<std::string> {
        std::string bytes(static_cast<std::size_t>(length), '\0');
        if (length) CHECK(nbd.Read(offset, bytes));
        return bytes;
    };
    co_return co_await Ask(std::move(read));
}

rt::Co<base::Result<>> ServedDisk::Write(std::int64_t offset, std::string bytes) {
    auto self = shared_from_this();
    CO_CHECK(Check(offset, static_cast<std::int64_t>(bytes.size())));
    if (bytes.empty()) co_return base::Result<>{};
    auto write = [offset, bytes = std::move(bytes)](NbdClient& nbd) { return nbd.Write(offset, bytes); };
    co_return co_await Ask(std::move(write));
}

rt::Co<base::Result<>> ServedDisk::Zero(std::int64_t offset, std::int64_t length) {
    auto self = shared_from_this();
    CO_CHECK(Check(offset, length));
    auto zero = [offset, length](NbdClient& nbd) { return nbd.Zero(offset, length); };
    co_return co_await Ask(std::move(zero));
}

rt::Co<base::Result<>> ServedDisk::Flush() {
    auto self = shared_from_this();
    auto flush = [](NbdClient& nbd) { return nbd.Flush(); };
    co_return co_await Ask(std::move(flush));
}

rt::Co<base::Result<std::vector<DiskRange>>> ServedDisk::Allocated(DiskRange within) {
    auto self = shared_from_this();
    CO_CHECK(Check(within.offset, within.length));
    auto look = [within](NbdClient& nbd) { return DataWithin(nbd, within); };
    co_return co_await Ask(std::move(look));
}

rt::Co<base::Result<rt::Fd>> ServedDisk::ConnectNbd() { co_return process_->Connect(); }

rt::Co<void> ServedDisk::StopServing() {
    nbd_.reset();
    (void)co_await qmp::RemoveNbdExport(process_->qemu(), kExport);
}

rt::Co<base::Result<>> ServedDisk::Commit(JobWatch watch) {
    auto self = shared_from_this();
    if (nodes_.below.empty() || !nodes_.below_writable)
        co_return base::Error{base::Code::kInvalid, base::Cat(nodes_.top_path, ": there is nothing to commit it into")};
    co_await StopServing();
    CO_CHECK(co_await qmp::StartCommit(process_->qemu(), "commit", nodes_.top, nodes_.below));
    auto done = co_await process_->RunJob("commit", DiskProcess::JobKind::kCommit, std::move(watch));
    auto sync = [path = nodes_.below_path] { return SyncFile(path); };
    if (done) done = co_await process_->pool().Run(std::move(sync));
    if (!done) co_return std::move(done).error().While(base::Cat("commit ", nodes_.top_path));
    co_return done;
}

rt::Co<base::Result<>> ServedDisk::FillCopy(std::string raw, JobWatch watch) {
    CO_TRY(set, co_await process_->Hand(raw, true));
    qmp::FileNode node{.node = "copy", .driver = "raw", .backing = {}, .set = set, .read_only = false};
    CO_CHECK(co_await qmp::AddFileNode(process_->qemu(), std::move(node)));
    CO_CHECK(co_await qmp::StartFullMirror(process_->qemu(), "copy-job", nodes_.top, "copy"));
    auto done = co_await process_->RunJob("copy-job", DiskProcess::JobKind::kMirror, std::move(watch));
    (void)co_await qmp::DeleteNode(process_->qemu(), "copy");
    (void)co_await qmp::RemoveFd(process_->qemu(), set);
    co_return done;
}

rt::Co<base::Result<>> ServedDisk::CopyTo(std::string raw, JobWatch watch) {
    auto self = shared_from_this();
    auto make = [raw, size = size_] { return MakeRaw(raw, size); };
    CO_CHECK(co_await process_->pool().Run(std::move(make)));
    auto done = co_await FillCopy(raw, std::move(watch));
    auto sync = [raw]() -> base::Result<> {
        CHECK(SyncFile(raw));
        return rt::SyncDir(std::filesystem::path(raw).parent_path());
    };
    if (done) done = co_await process_->pool().Run(std::move(sync));
    if (done) co_return done;
    unlink(raw.c_str());
    co_return std::move(done).error().While(base::Cat("copy ", nodes_.top_path, " to ", raw));
}

rt::Co<void> ServedDisk::Close() {
    auto self = shared_from_this();
    nbd_.reset();
    co_await process_->End();
}

}  // namespace backend::qemu
