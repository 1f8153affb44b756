// Clone: the disks and the other files, copied or shared.
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vm/clone.h"
#include "vm/disk_chain.h"
#include "vm/disk_making.h"
#include "vm/file_copy.h"
#include "vm/part_progress.h"

namespace vm {
namespace {

vim::Fault Cancelled() { return vim::Fault(vim::RequestCanceled(), "cancelled by its user"); }

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

// The layers up to the snapshot are the clone's too; what it writes goes into one of its own.
base::Result<> MakeLinked(const ClonedDisk& disk, const VolumeList& volumes) {
    auto to = Locate(volumes, disk.path), top = Locate(volumes, disk.makes.back());
    if (!to || !top) return base::Error{base::Code::kNotFound, (to ? top : to).error().message()};
    TRY(chain, ReadChain(disk.source.volume.folder, disk.source.Absolute()));
    TRY(below, ShareChain(chain, to->Absolute()));
    CHECK(MakeOverlay(below, top->Absolute()));
    return rt::SyncDir(FolderOf(to->Absolute()));
}

// Of a disk that was copied: no file is left of it.
base::Result<> RemoveCopy(const std::string& descriptor) {
    CHECK(RemoveFile(descriptor));
    return RemoveFile(FlatOf(descriptor));
}

}  // namespace

rt::Co<base::Result<>> Clone::MakeDisk(ClonedDisk disk, VolumeList volumes, task::Progress& progress) {
    auto to = Locate(volumes, disk.path);
    if (!to) co_return base::Error{base::Code::kNotFound, to.error().message()};
    auto folder = [folder = FolderOf(to->Absolute())] { return rt::MakeDirs(folder, 0755); };
    CO_CHECK(co_await c_.pool.Run(std::move(folder)));
    if (disk.linked) {
        auto link = [disk, volumes] { return MakeLinked(disk, volumes); };
        co_return co_await c_.pool.Run(std::move(link));
    }
    auto look = [source = disk.source] { return InspectDisk(source.volume.folder, source.Absolute()); };
    CO_TRY(facts, co_await c_.pool.Run(std::move(look)));
    std::string descriptor = to->Absolute();
    std::vector<backend::DiskLayer> layers = LayersToRead(facts);
    std::function<void(int)> percent = [&progress](int done) { progress.Percent(done); };
    CO_CHECK(co_await CopyLayers(c_, std::move(layers), FlatOf(descriptor), progress, std::move(percent)));
    auto describe = [made = NewDisk{descriptor, facts.capacity_kb, disk.thin, disk.adapter}]() -> base::Result<> {
        auto done = DescribeDisk(made);
        if (!done) (void)RemoveCopy(made.descriptor);
        return done;
    };
    co_return co_await c_.pool.Run(std::move(describe));
}

rt::Co<vim::Result<>> Clone::CopyFiles(Cloning& cloning, task::Progress& progress) {
    VolumeList volumes = cloning.making.home.volumes;
    std::int64_t total = 1, done = 0;
    for (const ClonedDisk& disk : cloning.plan.disks) total += disk.bytes;
    for (const ClonedDisk& disk : cloning.plan.disks) {
        PartProgress part(progress, {.from = static_cast<int>(done * 100 / total),
                                     .to = static_cast<int>((done + disk.bytes) * 100 / total)});
        auto made = co_await MakeDisk(disk, volumes, part);
        if (progress.cancelled() || (!made && made.error().code == base::Code::kCancelled)) co_return Cancelled();
        auto path = DatastorePath::Parse(disk.path);
        if (!made) co_return FileFault(std::move(made).error(), path ? *path : cloning.wish.vmx);
        done += disk.bytes;
    }
    for (const auto& [from, to] : cloning.plan.others) {
        auto source = Locate(volumes, from), target = Locate(volumes, to);
        if (!source || !target) co_return (source ? target : source).error();
        auto copied = co_await CopyVmFile(c_, source->Absolute(), target->Absolute(), progress, {});
        if (!copied) co_return FileFault(std::move(copied).error(), target->path);
    }
    for (const FileWork::Extend& disk : cloning.making.files.extend) {
        auto located = Locate(volumes, disk.path);
        if (!located) co_return std::move(located).error();
        auto grown = co_await GrowDiskFiles(c_.pool, located->volume.folder, located->Absolute(), disk.capacity_kb);
        if (!grown) co_return FileFault(std::move(grown).error(), located->path);
    }
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Clone::CopyAll(Cloning& cloning, std::string user, task::Progress& progress) {
    auto folder = [folder = cloning.making.home.Folder()] { return rt::MakeDirs(folder, 0755); };
    if (auto made = co_await c_.pool.Run(std::move(folder)); !made)
        co_return FileFault(std::move(made).error(), cloning.wish.vmx);
    PartProgress copying(progress, {.from = 5, .to = cloning.running ? 80 : 90});
    if (!cloning.running) co_return co_await CopyFiles(cloning, copying);
    auto note = [&cloning](const std::string& step, const std::string& state) {
        cloning.passing.step = step;
        cloning.passing.state = state;
        return cloning.Text();
    };
    PartProgress taking(progress, {.from = 0, .to = 5, .cancelable = false}, note);
    auto taken = co_await snapshots_.TakePassing(cloning.source, cloning.passing, user, taking);
    if (!taken) {
        cloning.passing = {};
        co_return taken;
    }
    auto copied = co_await CopyFiles(cloning, copying);
    co_await EndPassing(cloning, false, user, progress);
    co_return copied;
}

// What fails here is the source's to tell: it needs consolidation, and the clone is whole.
rt::Co<void> Clone::EndPassing(Cloning& cloning, bool restarted, std::string user, task::Progress& progress) {
    if (cloning.passing.taking.empty()) co_return;
    auto note = [&cloning](const std::string& step, const std::string& state) {
        cloning.passing.step = step;
        cloning.passing.state = state;
        return cloning.Text();
    };
    PartProgress ending(progress, {.from = 80, .to = 90, .cancelable = false}, note);
    auto ended = co_await snapshots_.EndPassing(cloning.source, cloning.passing, restarted, std::move(user), ending);
    if (!ended) base::LogWarning("vm " + cloning.source.id, ended.error().message());
    cloning.passing = {};
}

rt::Co<void> Clone::Undo(Intent intent) {
    auto undo = [intent, volumes = c_.volumes.Now()] {
        UndoFiles(intent, volumes);
        std::set<std::string> folders;                   // on other datastores, for disks
        for (const std::string& text : intent.makes)
            if (auto file = Locate(volumes, text); file && !file->path.Folder().path.empty())
                folders.insert(FolderOf(file->Absolute()));
        for (const std::string& folder : folders) {
            rt::RemoveCutOffWrites(folder);
            (void)rmdir(folder.c_str());                 // stays when there is more in it
        }
        return true;
    };
    (void)co_await c_.pool.Run(std::move(undo));
}

}  // namespace vm
