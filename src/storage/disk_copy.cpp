// What the tasks that copy and move virtual disks do.
#include "base/text.h"
#include "storage/conversion.h"
#include "storage/disk_task.h"
#include "storage/disks.h"
#include "storage/open_disk.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

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
    TRY(source, OpenFlat(from, ImageUse::kWrite));
    CHECK(CheckNoDelta(source.root, from.path.path));
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
    auto moved = OpenFlat(to, ImageUse::kRead);
    if (!moved && moved.error().code == base::Code::kNotFound && !root.Look(to.path.path)) {
        auto removed = root.Remove(vm::FlatOf(to.path.path));
        if (!removed && removed.error().code != base::Code::kNotFound) return std::move(removed).error();
        return false;
    }
    if (!moved) return std::move(moved).error();
    auto source = OpenFlat(from, ImageUse::kRead);
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

struct DiskCopy {
    OpenDisk source;
    Root to;
    std::shared_ptr<CopyFile> bytes;
};

static base::Result<DiskCopy> BeginCopy(const vm::Located& from, const vm::Located& to) {
    TRY(source, OpenFlat(from, ImageUse::kRead));
    TRY(root, RootOf(to.volume));
    std::string text = source.Text();
    TRY(bytes, CopyFile::Begin(std::move(source.file), text, root, vm::FlatOf(to.path.path), CopyFile::How::kQuick));
    return DiskCopy{std::move(source), std::move(root), std::move(bytes)};
}

rt::Co<Disks::Any> Disks::RunCopy(Way way, task::Progress& progress) {
    auto begin = [way] { return BeginCopy(way.from, way.to); };
    auto begun = co_await parts_.pool.Run(std::move(begin));
    bool foreign = !begun && begun.error().code == base::Code::kInvalid;
    if (foreign && parts_.conversion) co_return co_await RunFlatten(std::move(way), progress);
    if (foreign) co_return vim::Fault(vim::InvalidDiskFormat(), begun.error().message);
    if (!begun) co_return FaultOf(std::move(begun).error(), way.to.path);
    auto copy = std::make_shared<DiskCopy>(*std::move(begun));
    auto done = co_await RunSteps(parts_.pool, copy->bytes, progress);
    bool thin = way.form ? way.form->thin : copy->source.thin();
    auto end = [copy, way, thin]() -> base::Result<> {
        Draft& flat = copy->bytes->draft();
        if (!thin) CHECK(TakeBlocks(flat.fd(), copy->to.Text(flat.path()), copy->to));
        CHECK(flat.Publish(way.force));
        auto disk = CopyOf(copy->source.disk, flat.path(), thin, way.form ? way.form->adapter : std::string());
        return WriteDisk(copy->to, way.to.path.path, disk, way.force);
    };
    if (done) done = co_await parts_.pool.Run(std::move(end));
    copy = nullptr;                      // a draft goes with it
    co_return co_await EndCopy(std::move(way), std::move(done), progress);
}

rt::Co<Disks::Any> Disks::EndCopy(Way way, base::Result<> done, task::Progress& progress) {
    vim::Result<> result = AtPlace(std::move(done), way.to.path);
    if (result && way.form && way.form->eager) result = co_await Zero(way.to, 0, WriteZeros::Where::kHoles, progress);
    co_await TellChanged(parts_, way.to);
    if (!result) co_return std::move(result).error();
    co_return vim::Any(way.to.path.Text());
}

// A disk of another form, or one with snapshots: all that a guest would see of it.
rt::Co<Disks::Any> Disks::RunFlatten(Way way, task::Progress& progress) {
    auto open = [way] { return RootOf(way.to.volume); };
    auto root = co_await parts_.pool.Run(std::move(open));
    if (!root) co_return FaultOf(std::move(root).error(), way.to.path);
    backend::JobWatch watch{[&progress](int percent) { progress.Percent(percent); },
                            [&progress] { return progress.cancelled(); }};
    std::string flat = vm::FlatOf(way.to.path.path);
    auto read = co_await parts_.conversion->Flatten(way.from, *root, flat, std::move(watch));
    if (!read && read.error().code == base::Code::kInvalid)
        co_return vim::Fault(vim::InvalidDiskFormat(), read.error().message);
    if (!read) co_return FaultOf(std::move(read).error(), way.from.path);
    std::shared_ptr<Conversion::Flat> content = *std::move(read);
    auto end = [content, way, root = *root, flat]() -> base::Result<> {
        bool thin = !way.form || way.form->thin;
        if (!thin) CHECK(TakeBlocks(content->content.fd(), root.Text(flat), root));
        CHECK(content->content.Publish(way.force));
        codec::VmdkDescriptor base = BaseOf(content->text, std::uint64_t(content->bytes) / 512);
        auto disk = CopyOf(std::move(base), flat, thin, way.form ? way.form->adapter : std::string());
        return WriteDisk(root, way.to.path.path, disk, way.force);
    };
    auto done = co_await parts_.pool.Run(std::move(end));
    content = nullptr;                   // a draft goes with it
    co_return co_await EndCopy(std::move(way), std::move(done), progress);
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

}  // namespace storage
