#include "storage/draft.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "storage/disk_text.h"

namespace storage {

base::Error Draft::Fail(int number) const {
    std::string what = "write " + root_.Text(path_);
    if (number == ENOSPC || number == EDQUOT)
        return {base::Code::kNoSpace,
                base::Cat(what, ": the datastore is full; it has ", root_.FreeBytes() >> 20, " MiB free")};
    return base::FromErrno(number, what);
}

base::Result<Draft> Draft::Begin(const Root& root, const std::string& path) {
    TRY(draft, Prepare(root, path));
    std::string name = base::RandomHex(16);
    draft.file_ = rt::Fd(openat(draft.drafts_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!draft.file_) return draft.Fail(errno);
    draft.name_ = std::move(name);
    return draft;
}

base::Result<Draft> Draft::Reserve(const Root& root, const std::string& path) {
    TRY(draft, Prepare(root, path));
    draft.name_ = base::RandomHex(16);
    return draft;
}

std::string Draft::Hidden() const { return base::Cat("/proc/self/fd/", drafts_.get(), '/', name_); }

base::Result<> Draft::TakeUp() {
    file_ = rt::Fd(openat(drafts_.get(), name_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!file_) return Fail(errno);
    return {};
}

base::Result<Draft> Draft::Prepare(const Root& root, const std::string& path) {
    if (path.empty() || Root::Hidden(path))
        return base::Error{base::Code::kDenied, root.Text(path) + " cannot be written: it is kept for the host itself"};
    CHECK(root.OpenFolder(FolderOf(path)));
    if (auto there = root.Look(path); there && there->folder)
        return base::Error{base::Code::kInvalid, root.Text(path) + " is a folder"};
    else if (!there && there.error().code != base::Code::kNotFound) return std::move(there).error();
    Draft draft(root, path);
    std::string drafts(kDraftFolder);
    if (mkdirat(root.fd(), drafts.c_str(), 0700) && errno != EEXIST) return draft.Fail(errno);
    draft.drafts_ = rt::Fd(openat(root.fd(), drafts.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!draft.drafts_) return draft.Fail(errno);
    return draft;
}

Draft::~Draft() {
    if (drafts_ && !name_.empty()) unlinkat(drafts_.get(), name_.c_str(), 0);
}

base::Result<> Draft::Write(const char* bytes, std::size_t count, std::int64_t at) {
    if (int failed = writer_.Put(file_.get(), {bytes, count}, at)) return Fail(failed);
    return {};
}

base::Result<> Draft::Publish(bool replace) {
    if (fdatasync(file_.get())) return Fail(errno);
    TRY(folder, root_.OpenFolder(FolderOf(path_)));
    std::size_t slash = path_.rfind('/');
    std::string name = slash == std::string::npos ? path_ : path_.substr(slash + 1);
    if (renameat2(drafts_.get(), name_.c_str(), folder.get(), name.c_str(), replace ? 0 : RENAME_NOREPLACE))
        return Fail(errno);
    name_.clear();
    if (fsync(folder.get())) return Fail(errno);
    return {};
}

void ClearDrafts(const Root& root) {
    std::string drafts(kDraftFolder);
    rt::Fd folder(openat(root.fd(), drafts.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return;
    auto left = Root::Open(base::Cat("/proc/self/fd/", folder.get()), drafts);
    if (!left) return;
    auto entries = left->List("");
    if (!entries) return;
    for (const Entry& e : *entries)
        if (!e.name.starts_with("swap-") && unlinkat(folder.get(), e.name.c_str(), 0) == 0)
            base::LogInfo("storage", base::Cat("removed what an interrupted write had left, ", e.size, " bytes, from ",
                                               root.Text("")));
}

}  // namespace storage
