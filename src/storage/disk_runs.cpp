// What the tasks on virtual disks do.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/text.h"
#include "storage/disk_links.h"
#include "storage/disk_task.h"
#include "storage/disks.h"
#include "storage/open_disk.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

base::Result<> MakeAt(const vm::Located& place, bool thin, const std::string& adapter, std::int64_t capacity_kb) {
    TRY(root, RootOf(place.volume));
    CHECK(root.OpenFolder(place.path.Folder().path));
    return vm::MakeDisk({.descriptor = place.Absolute(), .capacity_kb = capacity_kb, .thin = thin, .adapter = adapter});
}

}  // namespace

base::Result<> RemoveDisk(const vm::Located& place) {
    TRY(root, RootOf(place.volume));
    TRY(link, ReadLink(root, place.path.path));
    const codec::VmdkDescriptor& disk = link.text;
    CHECK(CheckNoDelta(root, place.path.path));
    auto in_use = OpenFlat(place, ImageUse::kWrite);
    if (!in_use && in_use.error().code == base::Code::kBusy) return std::move(in_use).error();
    std::vector<std::string> names;
    if (link.form == codec::VmdkForm::kDescriptor)
        for (const auto& extent : disk.extents) names.push_back(extent.file);
    names.push_back(disk.change_track);
    for (const std::string& name : names) {
        if (!codec::CheckExtentName(name)) continue;
        auto removed = root.Remove(BesideOf(place.path.path, name));
        if (!removed && removed.error().code != base::Code::kNotFound) return removed;
    }
    return root.Remove(place.path.path);
}

rt::Co<vim::Result<>> Disks::Zero(vm::Located place, std::int64_t from, WriteZeros::Where where,
                                  task::Progress& progress) {
    auto begin = [place, from, where]() -> base::Result<std::shared_ptr<Steps>> {
        TRY(disk, OpenFlat(place, ImageUse::kWrite));
        if (where == WriteZeros::Where::kAll) CHECK(CheckNoDelta(disk.root, place.path.path));
        std::string text = disk.Text();
        std::int64_t size = disk.Bytes();
        return std::shared_ptr<Steps>(std::make_shared<WriteZeros>(std::move(disk.file), text, from, size, where));
    };
    auto steps = co_await parts_.pool.Run(std::move(begin));
    if (!steps) co_return FaultOf(std::move(steps).error(), place.path);
    co_return AtPlace(co_await RunSteps(parts_.pool, *steps, progress), place.path);
}

rt::Co<Disks::Any> Disks::RunCreate(vm::Located place, Form form, std::int64_t capacity_kb, task::Progress& progress) {
    auto make = [place, form, capacity_kb] { return MakeAt(place, form.thin, form.adapter, capacity_kb); };
    auto made = AtPlace(co_await parts_.pool.Run(std::move(make)), place.path);
    if (made && form.eager) {
        made = co_await Zero(place, 0, WriteZeros::Where::kHoles, progress);
        auto undo = [place] { return RemoveDisk(place); };
        if (!made) (void)co_await parts_.pool.Run(std::move(undo));
    }
    co_await TellChanged(parts_, place);
    if (!made) co_return std::move(made).error();
    co_return vim::Any(place.path.Text());
}

rt::Co<Disks::Any> Disks::RunDelete(vm::Located place) {
    auto remove = [place] { return RemoveDisk(place); };
    auto removed = co_await parts_.pool.Run(std::move(remove));
    co_await TellChanged(parts_, place);
    if (!removed) co_return FaultOf(std::move(removed).error(), place.path);
    co_return vim::Any();
}

rt::Co<Disks::Any> Disks::RunExtend(vm::Located place, std::int64_t capacity_kb, bool eager, task::Progress& progress) {
    auto extend = [place, capacity_kb]() -> base::Result<std::int64_t> {
        TRY(disk, OpenFlat(place, ImageUse::kWrite));
        CHECK(CheckNoDelta(disk.root, place.path.path));
        std::int64_t before = disk.Bytes();
        if (before >= capacity_kb * 1024) return before;     // a restart came after it
        CHECK(vm::ExtendDisk(place.volume.folder, place.Absolute(), capacity_kb));
        return before;
    };
    auto before = co_await parts_.pool.Run(std::move(extend));
    if (!before) co_return FaultOf(std::move(before).error(), place.path);
    if (eager) CO_CHECK(co_await Zero(place, *before, WriteZeros::Where::kHoles, progress));
    co_await TellChanged(parts_, place);
    co_return vim::Any();
}

rt::Co<Disks::Any> Disks::RunFill(vm::Located place, Fill fill, task::Progress& progress) {
    auto inflate = [place]() -> base::Result<> {
        TRY(disk, OpenFlat(place, ImageUse::kWrite));
        CHECK(TakeBlocks(disk.file.get(), disk.Text(), disk.root));
        DropDdb(disk.disk, "thinProvisioned");
        return WriteDisk(disk.root, place.path.path, disk.disk, true);
    };
    // A wiped thin disk gives its blocks back, once they have been written over.
    auto give_back = [place]() -> base::Result<> {
        TRY(disk, OpenFlat(place, ImageUse::kWrite));
        if (!disk.thin()) return {};
        constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
        (void)fallocate(disk.file.get(), kHole, 0, disk.Bytes());    // where the file system can
        return {};
    };
    bool all = fill == Fill::kZeroAll;
    base::Result<> done;
    if (!all) done = co_await parts_.pool.Run(std::move(inflate));
    if (!done) co_return FaultOf(std::move(done).error(), place.path);
    if (fill != Fill::kInflate)
        CO_CHECK(co_await Zero(place, 0, all ? WriteZeros::Where::kAll : WriteZeros::Where::kHoles, progress));
    if (all) (void)co_await parts_.pool.Run(std::move(give_back));
    co_await TellChanged(parts_, place);
    co_return vim::Any();
}

}  // namespace storage
