#include "vm/snapshot_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "rt/fd.h"
#include "rt/files.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

constexpr std::size_t kMaxVariables = 4 << 20;

bool There(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string Prepared(const Home& home) { return VariablesFileOf(home) + ".new"; }

base::Result<> CopySmall(const std::string& from, const std::string& to) {
    TRY(bytes, rt::ReadFile(from, kMaxVariables));
    return rt::WriteFileAtomically(to, bytes, 0600);
}

// Whole and synced under its name, or not there; the time at which it was written stays.
base::Result<> CopyWhole(const std::string& from, const std::string& to) {
    std::string part = to + ".part";
    std::error_code bad;
    std::filesystem::copy_file(from, part, std::filesystem::copy_options::overwrite_existing, bad);
    base::Result<> done;
    if (bad) done = base::FromErrno(bad.value(), base::Cat("copy ", from, " to ", part));
    struct stat s {};
    rt::Fd file(open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (done && (!file || fsync(file.get()) || stat(from.c_str(), &s)))
        done = base::FromErrno(errno, base::Cat("write ", part));
    const struct timespec times[] = {s.st_atim, s.st_mtim};
    if (done && (futimens(file.get(), times) || rename(part.c_str(), to.c_str())))
        done = base::FromErrno(errno, base::Cat("name the file ", to));
    if (!done) unlink(part.c_str());
    return done;
}

base::Result<> SecondName(const std::string& from, const std::string& to) {
    CHECK(RemoveFile(to));
    if (link(from.c_str(), to.c_str()) == 0) return rt::SyncDir(to.substr(0, to.rfind('/')));
    bool cannot = errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK || errno == ENOSYS;
    if (!cannot) return base::FromErrno(errno, base::Cat("name ", from, " ", to, " too"));
    CHECK(CopyWhole(from, to));
    return rt::SyncDir(to.substr(0, to.rfind('/')));
}

}  // namespace

std::string VariablesFileOf(const Home& home) { return home.file.substr(0, home.file.rfind('.')) + ".nvram"; }

std::string VariablesFileOf(const Home& home, std::int64_t uid) {
    return base::Cat(home.file.substr(0, home.file.rfind('.')), "-Snapshot", uid, ".nvram");
}

bool HasVariables(const Home& home) { return There(VariablesFileOf(home)); }

base::Result<> KeepVariables(const Home& home, std::int64_t uid) {
    return HasVariables(home) ? CopySmall(VariablesFileOf(home), VariablesFileOf(home, uid)) : base::Result<>{};
}

base::Result<> PrepareVariables(const Home& home, std::int64_t uid) {
    std::string kept = VariablesFileOf(home, uid);
    return There(kept) ? CopySmall(kept, Prepared(home)) : DropPrepared(home);
}

base::Result<> UseVariables(const Home& home) {
    if (!There(Prepared(home))) return {};
    if (rename(Prepared(home).c_str(), VariablesFileOf(home).c_str()))
        return base::FromErrno(errno, "replace " + VariablesFileOf(home));
    return rt::SyncDir(home.Folder());
}

base::Result<> DropPrepared(const Home& home) { return RemoveFile(Prepared(home)); }

base::Result<> KeepState(const Home& home, std::int64_t uid) {
    return SecondName(StateFileOf(home), MemoryFileOf(home, uid));
}

base::Result<> PutStateBack(const Home& home, std::int64_t uid) {
    return SecondName(MemoryFileOf(home, uid), StateFileOf(home));
}

bool IsOfSuspended(const Home& home, const codec::VmsdSnapshot& snapshot) {
    if (!snapshot.with_memory || !There(MemoryFileOf(home, snapshot.uid))) return false;
    auto vmx = ReadVmx(ConfigFileOf(home, snapshot.uid));
    return vmx && !vmx->Get(kSuspendKey).empty();
}

base::Result<> AgeAsState(const Home& home, const std::vector<std::string>& files) {
    struct stat state {};
    if (stat(StateFileOf(home).c_str(), &state)) return base::FromErrno(errno, "look at " + StateFileOf(home));
    const struct timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, state.st_mtim};
    for (const std::string& file : files)
        if (utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW))
            return base::FromErrno(errno, "set the time of " + file);
    return {};
}

base::Result<> AgeLayers(const Home& home) {
    TRY(loaded, LoadFolder(home));
    std::vector<std::string> files;
    for (const FileFact& file : loaded.files) {
        if (file.type != "diskExtent" || file.disk_key == 0) continue;
        if (auto located = Locate(home.volumes, file.path)) files.push_back(located->Absolute());
    }
    return AgeAsState(home, files);
}

}  // namespace vm
