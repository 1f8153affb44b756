#include "storage/disk_care.h"

#include <fcntl.h>

#include "base/text.h"
#include "storage/disk_links.h"
#include "storage/disk_task.h"
#include "storage/extents.h"
#include "storage/open_disk.h"
#include "storage/steps.h"

namespace storage {
namespace {

// What the journal has of a shrink or a defragmentation.
constexpr std::string_view kInPlace = "in place", kAnew = "anew";

std::string NoteOf(const vm::Located& place, std::string_view how) { return base::Cat(place.path.Text(), '\n', how); }

base::Result<vim::AnyArray> Describe(const vm::Located& place, bool parents) {
    TRY(root, RootOf(place.volume));
    TRY(links, ReadLinks(root, place.path.path, parents));
    vim::AnyArray out{&vim::VirtualDiskInfo::kType, {}};
    for (std::size_t i = 0; i < links.size(); ++i) {
        vim::VirtualDiskInfo info;
        info.unit.Mut().name = root.Text(links[i].path);
        info.disk_type = TypeOf(root, links[i]);
        if (i + 1 < links.size()) info.parent = root.Text(links[i + 1].path);
        else if (links[i].text.HasParent()) info.parent = root.Text(BesideOf(links[i].path, links[i].text.parent_hint));
        out.values.emplace_back(vim::Ptr<vim::VirtualDiskInfo>(std::move(info)));
    }
    return out;
}

base::Result<> MarkThin(OpenDisk& disk, const std::string& path) {
    if (disk.thin()) return {};
    disk.disk.SetDdb("thinProvisioned", "1");
    return WriteDisk(disk.root, path, disk.disk, true);
}

struct Rewriting {
    OpenDisk disk;
    std::shared_ptr<CopyFile> bytes;
};

base::Result<std::shared_ptr<Rewriting>> BeginRewriting(const vm::Located& place, CopyFile::How how) {
    TRY(disk, OpenFlat(place, ImageUse::kWrite));
    rt::Fd again(fcntl(disk.file.get(), F_DUPFD_CLOEXEC, 0));        // the lock stays with ours
    if (!again) return base::FromErrno(errno, "open " + disk.Text());
    std::string text = disk.Text();
    TRY(bytes, CopyFile::Begin(std::move(again), text, disk.root, disk.flat, how));
    return std::make_shared<Rewriting>(Rewriting{std::move(disk), std::move(bytes)});
}

}  // namespace

DiskCare::DiskCare(Parts parts) : parts_(std::move(parts)) {
    for (const char* id : {"shrinkVirtualDisk", "defragmentVirtualDisk"})
        parts_.tasks.OnResume(base::Cat("VirtualDiskManager.", id),
                              [this](task::Unfinished left, task::Progress& p) { return Resume(std::move(left), p); });
}

// What was being written anew is gone with its draft; all of it may be done twice.
rt::Co<DiskCare::Any> DiskCare::Resume(task::Unfinished left, task::Progress& progress) {
    auto lines = base::Split(left.begun, '\n');
    if (lines.size() != 2) co_return CutOff(left.begun);
    CO_TRY(place, vm::Locate(parts_.volumes.Now(), lines[0]));
    if (lines[1] == kInPlace) co_return co_await RunPunch(place, progress);
    bool dense = left.task_id == "VirtualDiskManager.defragmentVirtualDisk";
    co_return co_await RunRewrite(place, dense ? Rewrite::kDense : Rewrite::kWithoutZeros, progress);
}

DiskCare::Started DiskCare::Info(Caller caller, std::string name, bool parents, const vim::Method& method) {
    CO_TRY(place, Find(parts_.volumes, name, caller, kBrowse));
    task::Work work = [this, place, parents](task::Progress&) { return RunInfo(place, parents); };
    co_return co_await BeginDiskTask(parts_, caller, place, method, place.path.Text(), std::move(work));
}

rt::Co<DiskCare::Any> DiskCare::RunInfo(vm::Located place, bool parents) {
    auto describe = [place, parents] { return Describe(place, parents); };
    auto links = co_await parts_.pool.Run(std::move(describe));
    if (!links) co_return FaultOf(std::move(links).error(), place.path);
    co_return vim::Any(*std::move(links));
}

rt::Co<vim::Result<std::int32_t>> DiskCare::Fragmentation(Caller caller, std::string name) {
    CO_TRY(place, Find(parts_.volumes, name, caller, kBrowse));
    auto look = [place]() -> base::Result<std::int32_t> {
        TRY(root, RootOf(place.volume));
        TRY(disk, ReadDisk(root, place.path.path));
        TRY(flat, FlatExtentOf(root, place.path.path, disk));
        TRY(file, root.OpenFile(flat));
        TRY(pieces, PiecesOf(file.get(), root.Text(flat)));
        return pieces.Fragmentation();
    };
    co_return AtPlace(co_await parts_.pool.Run(std::move(look)), place.path);
}

DiskCare::Started DiskCare::Defragment(Caller caller, std::string name, const vim::Method& method) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    task::Work work = [this, place](task::Progress& p) { return RunRewrite(place, Rewrite::kDense, p); };
    co_return co_await BeginDiskTask(parts_, caller, place, method, NoteOf(place, kAnew), std::move(work));
}

DiskCare::Started DiskCare::Shrink(Caller caller, std::string name, bool copy, const vim::Method& method) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    task::Work work = [this, place, copy](task::Progress& p) {
        return copy ? RunRewrite(place, Rewrite::kWithoutZeros, p) : RunPunch(place, p);
    };
    co_return co_await BeginDiskTask(parts_, caller, place, method, NoteOf(place, copy ? kAnew : kInPlace),
                                     std::move(work));
}

// The new bytes take the place of the old ones in one step.
rt::Co<DiskCare::Any> DiskCare::RunRewrite(vm::Located place, Rewrite how, task::Progress& progress) {
    auto kind = how == Rewrite::kDense ? CopyFile::How::kDense : CopyFile::How::kWithoutZeros;
    auto begin = [place, kind] { return BeginRewriting(place, kind); };
    auto begun = co_await parts_.pool.Run(std::move(begin));
    if (!begun) co_return FaultOf(std::move(begun).error(), place.path);
    std::shared_ptr<Rewriting> work = *std::move(begun);
    auto done = co_await RunSteps(parts_.pool, work->bytes, progress);
    auto end = [work, place, how]() -> base::Result<> {
        Draft& draft = work->bytes->draft();
        bool thick = how == Rewrite::kDense && !work->disk.thin();
        if (thick) CHECK(TakeBlocks(draft.fd(), work->disk.Text(), work->disk.root));
        if (how == Rewrite::kWithoutZeros) CHECK(MarkThin(work->disk, place.path.path));
        return draft.Publish(true);
    };
    if (done) done = co_await parts_.pool.Run(std::move(end));
    work = nullptr;                      // a draft goes with it
    co_await TellChanged(parts_, place);
    if (!done) co_return FaultOf(std::move(done).error(), place.path);
    co_return vim::Any();
}

rt::Co<DiskCare::Any> DiskCare::RunPunch(vm::Located place, task::Progress& progress) {
    auto begin = [place]() -> base::Result<std::shared_ptr<Steps>> {
        TRY(disk, OpenFlat(place, ImageUse::kWrite));
        CHECK(MarkThin(disk, place.path.path));              // from here on it may have holes
        std::string text = disk.Text();
        std::int64_t size = disk.Bytes();
        return std::shared_ptr<Steps>(std::make_shared<PunchZeros>(std::move(disk.file), text, size));
    };
    auto steps = co_await parts_.pool.Run(std::move(begin));
    if (!steps) co_return FaultOf(std::move(steps).error(), place.path);
    auto done = co_await RunSteps(parts_.pool, *steps, progress);
    co_await TellChanged(parts_, place);
    if (!done) co_return FaultOf(std::move(done).error(), place.path);
    co_return vim::Any();
}

rt::Co<vim::Result<>> DiskCare::ImportUnmanagedSnapshot(Caller caller, std::string name) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    auto look = [place]() -> base::Result<Entry> {
        TRY(root, RootOf(place.volume));
        return root.Look(place.path.path);
    };
    auto there = co_await parts_.pool.Run(std::move(look));
    if (!there) co_return FaultOf(std::move(there).error(), place.path);
    vim::InvalidDatastore fault;
    fault.datastore = place.volume.datastore;
    fault.name = place.volume.name;
    co_return vim::Fault(std::move(fault),
                         base::Cat("datastore \"", place.volume.name,
                                   "\" is no container of virtual volumes, so nobody but this host makes snapshots on "
                                   "it; register a virtual machine whose disk is the snapshot's descriptor instead"));
}

}  // namespace storage
