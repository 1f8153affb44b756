#include "storage/root.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "platform/volume.h"
#include "storage/draft.h"

namespace storage {
namespace {

int OpenBeneath(int folder, const std::string& path, std::uint64_t flags, std::uint64_t mode) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: somebody renamed on the way, so the kernel cannot tell; it is safe to ask again.
    for (int tries = 0;; ++tries) {
        long fd = syscall(SYS_openat2, folder, path.empty() ? "." : path.c_str(), &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN || tries == 100) return static_cast<int>(fd);
    }
}

Entry EntryOf(std::string name, const struct stat& st) {
    Entry e;
    e.name = std::move(name);
    e.folder = S_ISDIR(st.st_mode);
    e.size = e.folder ? 0 : st.st_size;
    e.allocated = st.st_blocks * 512;
    e.modified =
        base::Time(std::chrono::seconds(st.st_mtim.tv_sec) + std::chrono::microseconds(st.st_mtim.tv_nsec / 1000));
    e.inode = st.st_ino;
    e.owner = st.st_uid;
    return e;
}

struct CloseDir {
    void operator()(DIR* d) const { closedir(d); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

Dir ReadingOf(int folder) {
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return nullptr;
    Dir dir(fdopendir(own));
    if (!dir) close(own);
    return dir;
}

bool IsDot(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

bool Root::Hidden(const std::string& path) {
    std::string_view first(path.data(), std::min(path.find('/'), path.size()));
    return first.starts_with(platform::kVolumeIdFile) || first == kDraftFolder;
}

std::string Root::Text(const std::string& path) const {
    return path.empty() ? base::Cat('[', name_, ']') : base::Cat('[', name_, "] ", path);
}

base::Error Root::Fail(int number, std::string_view doing, const std::string& path) const {
    std::string what = base::Cat(doing, ' ', Text(path));
    if (number == ELOOP || number == EXDEV)
        return {base::Code::kDenied, what + ": links in a datastore are not followed, and one is on the way"};
    if (number == ENOTEMPTY) return {base::Code::kExists, what + ": the folder is not empty"};
    return base::FromErrno(number, what);
}

base::Result<Root> Root::Open(const std::string& folder, std::string name) {
    rt::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return base::FromErrno(errno, base::Cat("open the folder of datastore \"", name, "\", ", folder));
    Root root;
    root.folder_ = std::make_shared<rt::Fd>(std::move(fd));
    root.name_ = std::move(name);
    return root;
}

base::Result<rt::Fd> Root::Reach(const std::string& path, std::uint64_t flags, std::uint64_t mode) const {
    if (Hidden(path)) return Fail(ENOENT, "open", path);
    rt::Fd found(OpenBeneath(fd(), path, flags, mode));
    if (!found) return Fail(errno, "open", path);
    return found;
}

// Looked at by a handle that cannot read first, since opening a device already does things.
base::Result<rt::Fd> Root::OpenFile(const std::string& path, bool write) const {
    TRY(handle, Reach(path, O_PATH | O_NOFOLLOW));
    struct stat st {};
    if (fstat(handle.get(), &st)) return Fail(errno, "look at", path);
    if (S_ISDIR(st.st_mode)) return Fail(EISDIR, "open", path);
    if (!S_ISREG(st.st_mode))
        return base::Error{base::Code::kDenied, base::Cat("open ", Text(path), ": it is no plain file")};
    std::string self = base::Cat("/proc/self/fd/", handle.get());
    rt::Fd file(open(self.c_str(), (write ? O_RDWR : O_RDONLY) | O_CLOEXEC));
    if (!file) return Fail(errno, "open", path);
    return file;
}

base::Result<rt::Fd> Root::OpenFolder(const std::string& path) const { return Reach(path, O_RDONLY | O_DIRECTORY); }

base::Result<Entry> Root::Look(const std::string& path) const {
    TRY(handle, Reach(path, O_PATH | O_NOFOLLOW));
    struct stat st {};
    if (fstat(handle.get(), &st)) return Fail(errno, "look at", path);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return base::Error{base::Code::kDenied, base::Cat("open ", Text(path), ": it is no plain file")};
    std::size_t slash = path.rfind('/');
    return EntryOf(slash == std::string::npos ? path : path.substr(slash + 1), st);
}

base::Result<std::vector<Entry>> Root::List(const std::string& path) const {
    TRY(folder, OpenFolder(path));
    Dir dir = ReadingOf(folder.get());
    if (!dir) return Fail(errno, "list", path);
    std::vector<Entry> out;
    errno = 0;
    while (const dirent* d = readdir(dir.get())) {
        std::string name = d->d_name;
        struct stat st {};
        if (IsDot(name) || (path.empty() && Hidden(name))) continue;
        if (fstatat(folder.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW)) continue;   // it went away meanwhile
        if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) out.push_back(EntryOf(std::move(name), st));
        errno = 0;
    }
    if (errno) return Fail(errno, "list", path);
    std::sort(out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return out;
}

base::Result<Root::Parent> Root::ParentOf(const std::string& path) const {
    if (path.empty()) return base::Error{base::Code::kInvalid, base::Cat(Text(path), " is the top of a datastore")};
    if (Hidden(path)) return base::Error{base::Code::kDenied, base::Cat(Text(path), " is kept for the host itself")};
    std::size_t slash = path.rfind('/');
    TRY(folder, OpenFolder(slash == std::string::npos ? "" : path.substr(0, slash)));
    return Parent{std::move(folder), slash == std::string::npos ? path : path.substr(slash + 1)};
}

base::Result<> Root::MakeFolder(const std::string& path, bool parents) const {
    std::size_t slash = path.rfind('/');
    if (parents && slash != std::string::npos) {
        std::string above = path.substr(0, slash);
        if (auto made = MakeFolder(above, true); !made && made.error().code != base::Code::kExists) return made;
    }
    TRY(parent, ParentOf(path));
    if (mkdirat(parent.folder.get(), parent.name.c_str(), 0755)) return Fail(errno, "make", path);
    if (fsync(parent.folder.get())) return Fail(errno, "make", path);
    return {};
}

base::Result<> Root::Remove(const std::string& path) const {
    TRY(parent, ParentOf(path));
    TRY(entry, Look(path));
    if (unlinkat(parent.folder.get(), parent.name.c_str(), entry.folder ? AT_REMOVEDIR : 0))
        return Fail(errno, "remove", path);
    return {};
}

base::Result<> Root::RemoveIn(int folder, const std::string& name, const std::string& path,
                              const std::function<bool()>& stop) const {
    if (stop()) return base::Error{base::Code::kCancelled, base::Cat("removing ", Text(path), " was cancelled")};
    rt::Fd inner(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner) {
        if (errno != ENOTDIR && errno != ELOOP) return Fail(errno, "remove", path);
        if (unlinkat(folder, name.c_str(), 0)) return Fail(errno, "remove", path);
        return {};
    }
    Dir dir = ReadingOf(inner.get());
    if (!dir) return Fail(errno, "remove", path);
    while (const dirent* d = readdir(dir.get()))
        if (!IsDot(d->d_name)) CHECK(RemoveIn(inner.get(), d->d_name, base::Cat(path, '/', d->d_name), stop));
    if (unlinkat(folder, name.c_str(), AT_REMOVEDIR)) return Fail(errno, "remove", path);
    return {};
}

base::Result<> Root::RemoveAll(const std::string& path, const std::function<bool()>& stop) const {
    TRY(parent, ParentOf(path));
    CHECK(Look(path));
    return RemoveIn(parent.folder.get(), parent.name, path, stop);
}

base::Result<> Root::Rename(const std::string& from, const Root& there, const std::string& to, bool replace) const {
    TRY(old_place, ParentOf(from));
    CHECK(Look(from));
    TRY(new_place, there.ParentOf(to));
    if (renameat2(old_place.folder.get(), old_place.name.c_str(), new_place.folder.get(), new_place.name.c_str(),
                  replace ? 0 : RENAME_NOREPLACE)) {
        if (errno == EXDEV) return base::Error{base::Code::kBusy, there.Text(to) + " lies on another file system"};
        return there.Fail(errno, "rename " + Text(from) + " to", to);
    }
    if (fsync(new_place.folder.get()) || fsync(old_place.folder.get())) return there.Fail(errno, "rename to", to);
    return {};
}

base::Result<> Root::Link(const std::string& from, const std::string& to) const {
    TRY(old_place, ParentOf(from));
    CHECK(OpenFile(from));
    TRY(new_place, ParentOf(to));
    if (linkat(old_place.folder.get(), old_place.name.c_str(), new_place.folder.get(), new_place.name.c_str(), 0))
        return Fail(errno, "rename " + Text(from) + " to", to);
    if (fsync(new_place.folder.get())) return Fail(errno, "rename to", to);
    return {};
}

std::int64_t Root::FreeBytes() const {
    struct statvfs fs {};
    if (fstatvfs(fd(), &fs)) return 0;
    return static_cast<std::int64_t>(fs.f_bavail) * static_cast<std::int64_t>(fs.f_frsize);
}

}  // namespace storage
