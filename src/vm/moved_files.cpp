#include "vm/moved_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vm/disk_files.h"

namespace vm {

// So that its blocks stay when its name goes. (NFS would leave a name of its own.)
static rt::Fd Keep(const std::string& path) {
    struct statfs fs {};
    if (statfs(path.c_str(), &fs) || fs.f_type == NFS_SUPER_MAGIC) return {};
    return rt::Fd(open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

base::Result<> MakeFolders(const MovePlan& plan, const VolumeList& volumes) {
    for (const std::string& text : plan.new_folders) {
        auto located = Locate(volumes, text);
        if (!located) return base::Error{base::Code::kInvalid, located.error().message()};
        CHECK(rt::MakeDirs(located->Absolute(), 0755));
    }
    return {};
}

base::Result<> GiveForm(const MovedFile& file, const std::string& path) {
    if (file.dense) CHECK(TakeBlocks(path));
    if (file.says_thin) CHECK(SayThin(path, *file.says_thin));
    return {};
}

std::vector<rt::Fd> RemoveEach(const std::vector<std::string>& files, const VolumeList& volumes) {
    std::vector<rt::Fd> kept;
    std::set<std::string> folders;
    for (const std::string& text : files) {
        auto located = Locate(volumes, text);
        if (!located || located->path.path.empty() || !StaysWithin(located->volume.folder, located->Absolute()))
            continue;
        if (auto file = Keep(located->Absolute())) kept.push_back(std::move(file));
        if (auto removed = RemoveFile(located->Absolute()); !removed) base::LogWarning("vm", removed.error().message);
        if (!located->path.Folder().path.empty())
            folders.insert(located->volume.folder + "/" + located->path.Folder().path);
    }
    for (const std::string& folder : folders) {
        rt::RemoveCutOffWrites(folder);
        (void)rmdir(folder.c_str());                     // stays when there is more in it
    }
    return kept;
}

}  // namespace vm
