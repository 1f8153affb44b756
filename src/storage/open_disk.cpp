#include "storage/open_disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/text.h"
#include "vm/disk_files.h"

namespace storage {

// A linked clone has the same file by another name (vm::IsShared).
static base::Result<> CheckOneName(int file, const std::string& text) {
    struct stat st {};
    if (fstat(file, &st)) return base::FromErrno(errno, "look at " + text);
    if (st.st_nlink > 1) return vm::SharedError(text);
    return {};
}

base::Result<OpenDisk> OpenFlat(const vm::Located& place, ImageUse use) {
    TRY(root, RootOf(place.volume));
    TRY(disk, ReadDisk(root, place.path.path));
    TRY(flat, FlatExtentOf(root, place.path.path, disk));
    TRY(file, root.OpenFile(flat, use == ImageUse::kWrite));
    if (use == ImageUse::kWrite) CHECK(CheckOneName(file.get(), root.Text(flat)));
    CHECK(LockImage(file.get(), use, root.Text(flat)));
    return OpenDisk{std::move(root), std::move(disk), std::move(flat), std::move(file)};
}

base::Result<> TakeBlocks(int file, const std::string& text, const Root& root) {
    struct stat st {};
    if (fstat(file, &st)) return base::FromErrno(errno, "look at " + text);
    if (std::int64_t needs = st.st_size - st.st_blocks * 512, has = root.FreeBytes(); needs > has)
        return base::Error{base::Code::kNoSpace, base::Cat("no room for all of ", text, ": it needs ", needs >> 20,
                                                           " MiB more, the datastore has ", has >> 20, " MiB")};
    if (st.st_size == 0) return {};
    int failed = fallocate(file, 0, 0, st.st_size) ? errno : 0;
    if (failed == EOPNOTSUPP) failed = posix_fallocate(file, 0, st.st_size);
    if (failed) return base::FromErrno(failed, "take the blocks of " + text);
    return {};
}

std::string DeltaOf(const Root& root, const std::string& path) {
    auto entries = root.List(FolderOf(path));
    if (!entries) return {};
    std::string name = NameOf(path);
    for (const Entry& e : *entries) {
        bool may_be = !e.folder && e.name.ends_with(".vmdk") && e.name != name &&
                      e.size <= std::int64_t(codec::VmdkDescriptor::kMaxBytes);
        if (!may_be) continue;
        auto other = ReadDisk(root, BesideOf(path, e.name));
        if (other && other->HasParent() && NameOf(other->parent_hint) == name) return e.name;
    }
    return {};
}

base::Result<> CheckNoDelta(const Root& root, const std::string& path) {
    std::string delta = DeltaOf(root, path);
    if (delta.empty()) return {};
    return base::Error{base::Code::kBusy,
                       base::Cat(root.Text(path), " has a snapshot, ", delta,
                                 ", which would be destroyed: remove the snapshots of its virtual machine first")};
}

}  // namespace storage
