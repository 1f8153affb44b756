#include "vm/disk_making.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "rt/fd.h"
#include "rt/files.h"

namespace vm {
namespace {

constexpr std::int64_t kStep = 64 << 20;         // a cancel waits for no more than this
constexpr std::size_t kBuffer = 1 << 20;

base::Result<> WriteZeros(int file, const std::string& path, std::int64_t at, std::int64_t end) {
    static const std::vector<char> zeros(kBuffer);
    while (at < end) {
        auto count = static_cast<std::size_t>(std::min<std::int64_t>(kBuffer, end - at));
        ssize_t put = pwrite(file, zeros.data(), count, at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return base::FromErrno(errno, "write zeros to " + path);
        at += put;
    }
    return {};
}

rt::Co<base::Result<>> FillWithZeros(rt::Pool& pool, std::string path, std::int64_t bytes, task::Progress& progress) {
    auto file = std::make_shared<rt::Fd>(open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!*file) co_return base::FromErrno(errno, "open " + path);
    for (std::int64_t at = 0; at < bytes; at += kStep) {
        if (progress.cancelled()) co_return base::Error{base::Code::kCancelled, "cancelled by request"};
        auto write = [file, path, at, end = std::min(bytes, at + kStep)] {
            return WriteZeros(file->get(), path, at, end);
        };
        CO_CHECK(co_await pool.Run(std::move(write)));
        progress.Percent(static_cast<int>(at * 100 / bytes));
    }
    auto sync = [file, path]() -> base::Result<> {
        if (fdatasync(file->get())) return base::FromErrno(errno, "write zeros to " + path);
        return {};
    };
    co_return co_await pool.Run(std::move(sync));
}

}  // namespace

rt::Co<base::Result<>> MakeDiskFiles(rt::Pool& pool, NewDisk disk, bool eager, task::Progress& progress) {
    auto make = [disk] {
        (void)rt::MakeDirs(disk.descriptor.substr(0, disk.descriptor.rfind('/')), 0755);
        return MakeDisk(disk);
    };
    auto made = co_await pool.Run(std::move(make));
    if (!made || !eager) co_return made;
    std::string flat = FlatOf(disk.descriptor);
    made = co_await FillWithZeros(pool, flat, disk.capacity_kb * 1024, progress);
    if (made) co_return made;
    auto undo = [disk, flat] {
        (void)RemoveFile(disk.descriptor);
        return RemoveFile(flat);
    };
    (void)co_await pool.Run(std::move(undo));
    co_return made;
}

rt::Co<base::Result<>> GrowDiskFiles(rt::Pool& pool, std::string volume, std::string descriptor,
                                     std::int64_t capacity_kb) {
    auto grow = [volume, descriptor, capacity_kb]() -> base::Result<> {
        TRY(facts, InspectDisk(volume, descriptor));
        if (facts.capacity_kb >= capacity_kb) return {};
        return ExtendDisk(volume, descriptor, capacity_kb);
    };
    co_return co_await pool.Run(std::move(grow));
}

}  // namespace vm
