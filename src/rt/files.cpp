#include "rt/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "rt/fd.h"

namespace rt {

static constexpr std::string_view kCutOff = ".~";      // then six letters of mkostemp's

static std::string FolderOf(const std::string& path) {
    auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

base::Result<std::string> ReadFile(const std::string& path, std::size_t limit) {
    Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return base::FromErrno(errno, "open " + path);
    std::string bytes;
    for (;;) {
        std::size_t have = bytes.size();
        bytes.resize(have + 64 * 1024);
        ssize_t got = read(file.get(), bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno == EINTR) got = 0;
        else if (got < 0) return base::FromErrno(errno, "read " + path);
        else if (got == 0) return bytes.resize(have), bytes;
        bytes.resize(have + static_cast<std::size_t>(got));
        if (bytes.size() > limit)
            return base::Error(base::Code::kInvalid, base::Cat("read ", path, ": larger than ", limit, " bytes"));
    }
}

static base::Result<> WriteAll(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        ssize_t put = write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return base::FromErrno(errno, "write " + path);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

static base::Result<> WriteTemporary(int fd, const std::string& name, std::string_view bytes, mode_t mode, bool sync) {
    CHECK(WriteAll(fd, bytes, name));
    if (fchmod(fd, mode) != 0) return base::FromErrno(errno, "set the mode of " + name);
    if (sync && fsync(fd) != 0) return base::FromErrno(errno, "sync " + name);
    return {};
}

static base::Result<> Replace(const std::string& path, std::string_view bytes, mode_t mode, bool sync) {
    std::string name =
        path + std::string(kCutOff) + "XXXXXX";   // mkostemp makes it 0600, so no secret shows while it grows
    Fd file(mkostemp(name.data(), O_CLOEXEC));
    if (!file) return base::FromErrno(errno, "make a temporary file beside " + path);
    auto done = WriteTemporary(file.get(), name, bytes, mode, sync);
    if (done && rename(name.c_str(), path.c_str()) != 0) done = base::FromErrno(errno, "replace " + path);
    if (!done) {
        unlink(name.c_str());
        return done;
    }
    if (!sync) return {};
    return SyncDir(FolderOf(path));
}

base::Result<> WriteFileAtomically(const std::string& path, std::string_view bytes, mode_t mode) {
    return Replace(path, bytes, mode, true);
}

base::Result<> ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
    return Replace(path, bytes, mode, false);
}

void RemoveCutOffWrites(const std::string& folder) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        std::string name = entry.path().filename();
        std::size_t mark = name.rfind(kCutOff);
        if (mark != std::string::npos && mark + kCutOff.size() + 6 == name.size()) unlink(entry.path().c_str());
    }
}

base::Result<> MakeDirs(const std::string& path, mode_t mode) {
    for (std::size_t at = 1; at <= path.size(); ++at) {
        at = std::min(path.find('/', at), path.size());
        std::string part = path.substr(0, at);
        if (mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return base::FromErrno(errno, "make folder " + part);
    }
    struct stat found;
    if (stat(path.c_str(), &found) != 0) return base::FromErrno(errno, "look at " + path);
    if (!S_ISDIR(found.st_mode)) return base::Error(base::Code::kExists, path + " is there and is not a folder");
    return {};
}

base::Result<> SyncDir(const std::string& path) {
    Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return base::FromErrno(errno, "open folder " + path);
    if (fsync(folder.get()) != 0) return base::FromErrno(errno, "sync folder " + path);
    return {};
}

}  // namespace rt
