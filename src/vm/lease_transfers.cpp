// What a lease moves: which transfer may begin, how it ends, and the files that it reads or writes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "base/text.h"
#include "vm/disk_files.h"
#include "vm/lease.h"

namespace vm {

LeasePtr Leases::ByTicket(std::string_view ticket) const {
    for (const auto& [id, lease] : leases_)
        if (lease->ready && !lease->over() && lease->ticket == ticket) return lease;
    return nullptr;
}

vim::Result<> Leases::Begin(Lease& lease, LeaseFile& file, std::function<void()> cut) {
    if (file.busy) return vim::Fault(vim::InvalidState(), file.name + " is being transferred already");
    if (lease.import && file.done) return vim::Fault(vim::InvalidState(), file.name + " has come already");
    file.busy = true;
    file.cut = std::move(cut);
    ++lease.transfers;
    Alive(lease);
    return {};
}

vim::Ref Leases::DatastoreOf(const LeaseFile& file) const {
    auto path = DatastorePath::Parse(file.path);
    VolumeList volumes = c_.volumes.Now();
    const Volume* volume = path ? FindVolume(volumes, path->datastore) : nullptr;
    return volume ? volume->datastore : vim::Ref();
}

void Leases::Succeed(Lease& lease, LeaseFile& file, Moved moved) {
    file.busy = false;
    file.cut = nullptr;
    file.done = true;
    file.moved = std::move(moved);
    --lease.transfers;
    Alive(lease);
    lease.changed.Notify();
}

void Leases::Fail(Lease& lease, LeaseFile& file, base::Error why) {
    file.busy = false;
    file.cut = nullptr;
    --lease.transfers;
    base::LogWarning("nfc", base::Cat(lease.name, ", ", file.name, ": ", why.message));
    if (lease.import && !lease.over()) {
        auto path = DatastorePath::Parse(file.path);
        lease.end = Lease::End::kFailed;
        lease.fault = FileFault(std::move(why).While("transfer of " + file.name), path ? *path : DatastorePath());
    }
    lease.changed.Notify();
}

namespace {

struct Opened {
    rt::Fd file;
    std::int64_t size = 0;
    std::vector<backend::DiskLayer> layers;      // of a disk with snapshots: to be read by the disk server
};

// The extent of a disk, or a file; through no link, and not out of its datastore.
base::Result<Opened> OpenFor(const VolumeList& volumes, const LeaseFile& f, bool write, bool make) {
    auto located = Locate(volumes, f.path);
    if (!located) return base::Error{base::Code::kNotFound, located.error().message()};
    std::string path = located->Absolute();
    Opened out;
    out.size = f.size;
    if (f.disk) {
        TRY(facts, InspectDisk(located->volume.folder, path));
        path = facts.flat;
        if (!facts.overlays.empty()) out.layers.push_back({.path = facts.flat});
        for (const std::string& overlay : facts.overlays)
            out.layers.push_back({.path = overlay, .format = backend::LayerFormat::kQcow2});
        if (!out.layers.empty()) return out;
    }
    if (!StaysWithin(located->volume.folder, path))
        return base::Error{base::Code::kDenied, f.path + " leads out of its datastore"};
    int flags = (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT | O_EXCL : 0);
    out.file = rt::Fd(open(path.c_str(), flags, 0600));
    if (!out.file) return base::FromErrno(errno, "open " + f.path);
    struct stat st {};
    if (fstat(out.file.get(), &st)) return base::FromErrno(errno, "look at " + f.path);
    if (!S_ISREG(st.st_mode)) return base::Error{base::Code::kDenied, f.path + " is no file"};
    if (!f.disk) out.size = st.st_size;
    return out;
}

}  // namespace

rt::Co<base::Result<Upload>> Leases::OpenUpload(LeasePtr lease, std::string name) {
    LeaseFile f = *lease->FileNamed(name);
    auto open = [volumes = c_.volumes.Now(), f]() -> base::Result<Opened> {
        if (!f.discard) return OpenFor(volumes, f, true, !f.disk);
        Opened out;
        out.file = rt::Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
        if (!out.file) return base::FromErrno(errno, "open /dev/null");
        return out;
    };
    auto opened = co_await c_.pool.Run(std::move(open));
    if (!opened) co_return std::move(opened).error();
    if (!opened->layers.empty()) co_return base::Error{base::Code::kInvalid, f.path + " has snapshots"};
    if (f.disk) co_return Upload::OfDisk(c_.pool, std::move(opened->file), f.size, f.sha256());
    co_return Upload::OfFile(c_.pool, std::move(opened->file), f.sha256());
}

rt::Co<base::Result<Download>> Leases::OpenDownload(LeasePtr lease, std::string name) {
    LeaseFile f = *lease->FileNamed(name);
    auto open = [volumes = c_.volumes.Now(), f] { return OpenFor(volumes, f, false, false); };
    auto opened = co_await c_.pool.Run(std::move(open));
    if (!opened) co_return std::move(opened).error();
    std::shared_ptr<DiskSource> source;
    if (opened->layers.empty()) {
        source = FlatSource(c_.pool, std::move(opened->file), opened->size);
    } else {
        if (!c_.disks)
            co_return base::Error{base::Code::kInvalid, f.path + " has snapshots, and there is nobody to read it"};
        CO_TRY(disk, co_await c_.disks->Open(std::move(opened->layers)));
        source = ChainSource(std::move(disk));
    }
    if (f.disk) co_return Download::OfDisk(c_.pool, std::move(source), f.name, f.adapter, f.sha256());
    co_return Download::OfFile(c_.pool, std::move(source), f.sha256());
}

}  // namespace vm
