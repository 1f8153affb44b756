// What the tasks on virtual disks do.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/text.h"
#include "storage/disk_text.h"
#include "storage/disks.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

struct OpenDisk {
    Root root;
    codec::VmdkDescriptor disk;
    std::string flat;                    // path of its extent
};

base::Result<OpenDisk> Open(const vm::Located& place) {
    TRY(root, RootOf(place.volume));
    TRY(disk, ReadDisk(root, place.path.path));
    TRY(flat, FlatExtentOf(root, place.path.path, disk));
    return OpenDisk{std::move(root), std::move(disk), std::move(flat)};
}

// Takes the blocks of the whole file now.
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

base::Result<> MakeAt(const vm::Located& place, bool thin, const std::string& adapter, std::int64_t capacity_kb) {
    TRY(root, RootOf(place.volume));
    CHECK(root.OpenFolder(place.path.Folder().path));
    return vm::MakeDisk({.descriptor = place.Absolute(), .capacity_kb = capacity_kb, .thin = thin, .adapter = adapter});
}

base::Result<> RemoveDisk(const vm::Located& place) {
    TRY(root, RootOf(place.volume));
    TRY(disk, ReadDisk(root, place.path.path));
    std::vector<std::string> names;
    for (const auto& extent : disk.extents) names.push_back(extent.file);
    names.push_back(disk.change_track);
    for (const std::string& name : names) {
        if (!codec::CheckExtentName(name)) continue;
        auto removed = root.Remove(BesideOf(place.path.path, name));
        if (!removed && removed.error().code != base::Code::kNotFound) return removed;
    }
    return root.Remove(place.path.path);
}

// The descriptor of a copy: another name for the extent, an identity of its own.
codec::VmdkDescriptor CopyOf(codec::VmdkDescriptor disk, const std::string& flat, bool thin,
                             const std::string& adapter) {
    disk.extents.front().file = NameOf(flat);
    disk.change_track.clear();
    disk.SetDdb("uuid", vm::NewDiskUuid());
    DropDdb(disk, "thinProvisioned");
    if (thin) disk.SetDdb("thinProvisioned", "1");
    if (adapter.empty() || adapter == disk.Ddb("adapterType")) return disk;
    codec::DiskGeometry g = codec::GeometryFor(disk.Sectors(), adapter);
    disk.SetDdb("adapterType", adapter);
    disk.SetDdb("geometry.cylinders", base::Cat(g.cylinders));
    disk.SetDdb("geometry.heads", base::Cat(g.heads));
    disk.SetDdb("geometry.sectors", base::Cat(g.sectors));
    return disk;
}

// At every moment one of the two names is a whole disk.
base::Result<> RenameDisk(const vm::Located& from, const vm::Located& to, bool force) {
    TRY(source, Open(from));
    std::string flat = vm::FlatOf(to.path.path);
    if (force && source.root.Look(to.path.path)) CHECK(RemoveDisk(to));
    CHECK(source.root.Link(source.flat, flat));
    codec::VmdkDescriptor disk = source.disk;
    disk.extents.front().file = NameOf(flat);
    if (auto written = WriteDisk(source.root, to.path.path, disk, false); !written) {
        (void)source.root.Remove(flat);
        return written;
    }
    CHECK(source.root.Remove(from.path.path));
    return source.root.Remove(source.flat);
}

// A move that a restart cut off. False: nothing of it is to be seen under the new name.
base::Result<bool> FinishMove(const vm::Located& from, const vm::Located& to) {
    TRY(root, RootOf(to.volume));
    auto moved = Open(to);
    if (!moved && moved.error().code == base::Code::kNotFound && !root.Look(to.path.path)) {
        auto removed = root.Remove(vm::FlatOf(to.path.path));
        if (!removed && removed.error().code != base::Code::kNotFound) return std::move(removed).error();
        return false;
    }
    if (!moved) return std::move(moved).error();
    auto source = Open(from);
    if (!source) return true;
    TRY(old_bytes, source->root.Look(source->flat));
    TRY(new_bytes, moved->root.Look(moved->flat));
    // Two names of the same bytes: the old one goes. Anything else may be somebody's disk.
    if (from.volume.datastore != to.volume.datastore || old_bytes.inode != new_bytes.inode) return false;
    CHECK(source->root.Remove(from.path.path));
    CHECK(source->root.Remove(source->flat));
    return true;
}

}  // namespace

rt::Co<Disks::Any> Disks::ResumeMove(task::Unfinished left) {
    std::size_t line = left.begun.find('\n');
    if (line == std::string::npos) co_return CutOff(left.begun);
    vm::VolumeList volumes = parts_.volumes.Now();
    CO_TRY(from, vm::Locate(volumes, std::string_view(left.begun).substr(0, line)));
    CO_TRY(to, vm::Locate(volumes, std::string_view(left.begun).substr(line + 1)));
    auto finish = [from, to] { return FinishMove(from, to); };
    auto finished = co_await parts_.pool.Run(std::move(finish));
    if (!finished) co_return FaultOf(std::move(finished).error(), to.path);
    if (!*finished) co_return CutOff(to.path.Text());
    co_return vim::Any(to.path.Text());
}

rt::Co<vim::Result<>> Disks::Zero(vm::Located place, std::int64_t from, WriteZeros::Where where,
                                  task::Progress& progress) {
    auto begin = [place, from, where]() -> base::Result<std::shared_ptr<Steps>> {
        TRY(disk, Open(place));
        TRY(file, disk.root.OpenFile(disk.flat, true));
        auto size = static_cast<std::int64_t>(disk.disk.Sectors()) * 512;
        return std::shared_ptr<Steps>(
            std::make_shared<WriteZeros>(std::move(file), disk.root.Text(disk.flat), from, size, where));
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
    co_await parts_.changed(place.volume.datastore);
    if (!made) co_return std::move(made).error();
    co_return vim::Any(place.path.Text());
}

rt::Co<Disks::Any> Disks::RunDelete(vm::Located place) {
    auto remove = [place] { return RemoveDisk(place); };
    auto removed = co_await parts_.pool.Run(std::move(remove));
    co_await parts_.changed(place.volume.datastore);
    if (!removed) co_return FaultOf(std::move(removed).error(), place.path);
    co_return vim::Any();
}

struct DiskCopy {
    OpenDisk source;
    Root to;
    std::shared_ptr<CopyFile> bytes;
};

static base::Result<DiskCopy> BeginCopy(const vm::Located& from, const vm::Located& to) {
    TRY(source, Open(from));
    TRY(root, RootOf(to.volume));
    TRY(bytes, CopyFile::Begin(source.root, source.flat, root, vm::FlatOf(to.path.path)));
    return DiskCopy{std::move(source), std::move(root), std::move(bytes)};
}

rt::Co<Disks::Any> Disks::RunCopy(Way way, task::Progress& progress) {
    auto begin = [way] { return BeginCopy(way.from, way.to); };
    auto begun = co_await parts_.pool.Run(std::move(begin));
    if (!begun && begun.error().code == base::Code::kInvalid)
        co_return vim::Fault(vim::InvalidDiskFormat(), begun.error().message);
    if (!begun) co_return FaultOf(std::move(begun).error(), way.to.path);
    auto copy = std::make_shared<DiskCopy>(*std::move(begun));
    auto done = co_await RunSteps(parts_.pool, copy->bytes, progress);
    bool thin = way.form ? way.form->thin : copy->source.disk.Ddb("thinProvisioned") == "1";
    auto end = [copy, way, thin]() -> base::Result<> {
        Draft& flat = copy->bytes->draft();
        if (!thin) CHECK(TakeBlocks(flat.fd(), copy->to.Text(flat.path()), copy->to));
        CHECK(flat.Publish(way.force));
        auto disk = CopyOf(copy->source.disk, flat.path(), thin, way.form ? way.form->adapter : std::string());
        return WriteDisk(copy->to, way.to.path.path, disk, way.force);
    };
    if (done) done = co_await parts_.pool.Run(std::move(end));
    copy = nullptr;                      // a draft goes with it
    vim::Result<> result = AtPlace(std::move(done), way.to.path);
    if (result && way.form && way.form->eager) result = co_await Zero(way.to, 0, WriteZeros::Where::kHoles, progress);
    co_await parts_.changed(way.to.volume.datastore);
    if (!result) co_return std::move(result).error();
    co_return vim::Any(way.to.path.Text());
}

rt::Co<Disks::Any> Disks::RunMove(Way way, task::Progress& progress) {
    if (way.from.volume.datastore == way.to.volume.datastore) {
        auto rename = [way] { return RenameDisk(way.from, way.to, way.force); };
        auto renamed = co_await parts_.pool.Run(std::move(rename));
        if (!renamed) co_return FaultOf(std::move(renamed).error(), way.to.path);
        co_return vim::Any(way.to.path.Text());
    }
    CO_CHECK(co_await RunCopy(way, progress));
    CO_CHECK(co_await RunDelete(way.from));
    co_return vim::Any(way.to.path.Text());
}

rt::Co<Disks::Any> Disks::RunExtend(vm::Located place, std::int64_t capacity_kb, bool eager, task::Progress& progress) {
    auto extend = [place, capacity_kb]() -> base::Result<std::int64_t> {
        TRY(disk, Open(place));
        auto before = static_cast<std::int64_t>(disk.disk.Sectors()) * 512;
        CHECK(vm::ExtendDisk(place.volume.folder, place.Absolute(), capacity_kb));
        return before;
    };
    auto before = co_await parts_.pool.Run(std::move(extend));
    if (!before) co_return FaultOf(std::move(before).error(), place.path);
    if (eager) CO_CHECK(co_await Zero(place, *before, WriteZeros::Where::kHoles, progress));
    co_await parts_.changed(place.volume.datastore);
    co_return vim::Any();
}

rt::Co<Disks::Any> Disks::RunFill(vm::Located place, Fill fill, task::Progress& progress) {
    auto inflate = [place]() -> base::Result<> {
        TRY(disk, Open(place));
        TRY(file, disk.root.OpenFile(disk.flat, true));
        CHECK(TakeBlocks(file.get(), disk.root.Text(disk.flat), disk.root));
        DropDdb(disk.disk, "thinProvisioned");
        return WriteDisk(disk.root, place.path.path, disk.disk, true);
    };
    // A wiped thin disk gives its blocks back, once they have been written over.
    auto give_back = [place]() -> base::Result<> {
        TRY(disk, Open(place));
        if (disk.disk.Ddb("thinProvisioned") != "1") return {};
        TRY(file, disk.root.OpenFile(disk.flat, true));
        auto size = static_cast<std::int64_t>(disk.disk.Sectors()) * 512;
        (void)fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size);  // where the file system can
        return {};
    };
    bool all = fill == Fill::kZeroAll;
    base::Result<> done;
    if (!all) done = co_await parts_.pool.Run(std::move(inflate));
    if (!done) co_return FaultOf(std::move(done).error(), place.path);
    if (fill != Fill::kInflate)
        CO_CHECK(co_await Zero(place, 0, all ? WriteZeros::Where::kAll : WriteZeros::Where::kHoles, progress));
    if (all) (void)co_await parts_.pool.Run(std::move(give_back));
    co_await parts_.changed(place.volume.datastore);
    co_return vim::Any();
}

}  // namespace storage
