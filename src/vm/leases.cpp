#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"
#include "vim/gen/task.h"
#include "vm/disk_files.h"
#include "vm/lease.h"

namespace vm {

LeaseFile* Lease::FileNamed(std::string_view wanted) {
    for (LeaseFile& f : files)
        if (f.name == wanted) return &f;
    return nullptr;
}

std::string PlaceWord(const Devices& devices, const vim::VirtualDevice& device) {
    if (!device.controller_key) return {};
    for (const Device& d : devices) {
        auto* controller = d.As<vim::VirtualController>();
        if (controller && d->key == *device.controller_key)
            return base::Cat(d->type().name, controller->bus_number, ':', device.unit_number.value_or(0));
    }
    return {};
}

// --- the object

LeasePtr Leases::Make(bool import, std::string user) {
    auto lease = std::make_shared<Lease>();
    lease->ref = {&vim::HttpNfcLease::kType, "session[" + base::NewUuid() + "]" + base::NewUuid()};
    lease->user = std::move(user);
    lease->ticket = base::RandomHex(20);
    lease->import = import;
    lease->renewed = c_.timer.Since();
    leases_[lease->ref.id] = lease;
    vim::HttpNfcLease object;
    object.self = lease->ref;
    object.state = vim::HttpNfcLeaseState::kInitializing;
    object.mode = "pushOrGet";
    vim::HttpNfcLeaseCapabilities can;
    can.pull_mode_supported = false;
    can.cors_supported = false;
    object.capabilities = std::move(can);
    auto edit = c_.inventory.Begin();
    edit.Add(std::move(object));
    edit.Commit();
    return lease;
}

void Leases::Publish(const Lease& lease, const std::function<void(vim::HttpNfcLease&)>& fn) {
    auto edit = c_.inventory.Begin();
    edit.Change<vim::HttpNfcLease>(lease.ref, fn);
    edit.Commit();
}

void Leases::PublishReady(Lease& lease) {
    vim::HttpNfcLeaseInfo info;
    info.lease = lease.ref;
    info.entity = lease.vm;
    info.lease_timeout = static_cast<std::int32_t>(options.timeout.count());
    for (const LeaseFile& f : lease.files) {
        vim::HttpNfcLeaseDeviceUrl url;
        url.key = f.key;
        url.import_key = f.import_key;
        url.url = base::Cat("https://*/nfc/", lease.ticket, '/', base::PercentEncode(f.name, ""));
        url.ssl_thumbprint = options.thumbprint;
        url.disk = f.disk;
        url.target_id = f.name;
        if (vim::Ref datastore = DatastoreOf(f)) url.datastore_key = datastore.id;
        if (f.disk) info.total_disk_capacity_in_kb += f.size / 1024;
        if (!lease.import) url.file_size = f.size;
        info.device_url.push_back(std::move(url));
    }
    lease.ready = true;
    Alive(lease);
    Publish(lease, [&](vim::HttpNfcLease& l) {
        l.initialize_progress = 100;
        l.info = std::move(info);
        l.state = vim::HttpNfcLeaseState::kReady;
    });
}

vim::Result<LeasePtr> Leases::Find(const vim::Ref& ref, const std::string& user) const {
    auto found = leases_.find(ref.id);
    // Another's lease is not there for whoever guesses its name.
    if (found == leases_.end() || found->second->user != user)
        return vim::Fault(vim::ManagedObjectNotFound(ref), base::Cat("there is no lease ", ref.id, " (any more)"));
    return found->second;
}

void Leases::Drop(const vim::Ref& ref) {
    leases_.erase(ref.id);
    auto edit = c_.inventory.Begin();
    edit.Remove(ref);
    edit.Commit();
}

rt::Co<void> Leases::ForgetLater(vim::Ref ref) {
    co_await c_.timer.Sleep(options.stay);
    Drop(ref);
}

// --- its life

rt::Co<vim::Result<>> Leases::Start(LeasePtr lease, const vim::Method& method, task::Work work, std::string state) {
    task::Spec spec;
    spec.entity = lease->vm;
    spec.method = &method;
    spec.user = lease->user;
    spec.cancelable = true;
    spec.state = std::move(state);
    auto task = co_await c_.tasks.Start(std::move(spec), std::move(work));
    if (task) {
        lease->task = *task;
        co_return vim::Result<>{};
    }
    Drop(lease->ref);
    co_return std::move(task).error();
}

// Until somebody has ended it and the last byte has stopped. A transfer that goes on keeps it alive.
rt::Co<void> Leases::UntilOver(LeasePtr lease) {
    while (!lease->over()) {
        base::Duration left = lease->renewed + options.timeout - c_.timer.Since();
        if (left <= base::Duration::zero()) {
            lease->end = Lease::End::kExpired;
            break;
        }
        (void)co_await lease->changed.WaitFor(left);
    }
    lease->standing.reset();
    for (LeaseFile& f : lease->files)
        if (f.busy && f.cut) f.cut();
    while (lease->transfers > 0) co_await lease->changed.Wait();
}

vim::Fault Leases::WhyOver(const Lease& lease) const {
    if (lease.fault) return *lease.fault;
    switch (lease.end) {
        case Lease::End::kExpired:
            return vim::Fault(vim::Timedout(), base::Cat("the lease ended: nothing was heard from its client for ",
                                                         options.timeout.count(), " s"));
        case Lease::End::kAbort:
        case Lease::End::kCancelled: return vim::Fault(vim::RequestCanceled(), "aborted by its client");
        default: return vim::Fault(vim::InvalidState(), "the lease has ended");
    }
}

// The lock on the VM goes with the task: only then may others use it.
rt::Co<void> Leases::UntilTaskEnds(vim::Ref task) {
    rt::Signal committed;
    int token = c_.inventory.OnCommit([&] { committed.Notify(); });
    for (;;) {
        auto now = c_.inventory.Now();
        auto* object = now->Get<vim::Task>(task);
        if (!object || object->info->state == vim::TaskInfoState::kSuccess ||
            object->info->state == vim::TaskInfoState::kError)
            break;
        now.reset();
        co_await committed.Wait();
    }
    c_.inventory.Forget(token);
}

rt::Co<vim::Result<>> Leases::Complete(vim::Ref ref, std::string user) {
    CO_TRY(lease, Find(ref, user));
    if (lease->end == Lease::End::kExpired) co_return WhyOver(*lease);
    if (lease->over() || !lease->ready)
        co_return vim::Fault(vim::InvalidState(),
                             lease->ready ? "the lease has ended already" : "the lease is not ready yet");
    // A client sees the last byte of a file a moment before we have noted that.
    auto busy = [lease] {
        return std::find_if(lease->files.begin(), lease->files.end(), [](const LeaseFile& f) { return f.busy; });
    };
    for (int times = 0; times < 20 && busy() != lease->files.end(); ++times)
        co_await lease->changed.WaitFor(std::chrono::milliseconds(100));
    if (auto file = busy(); file != lease->files.end())
        co_return vim::Fault(vim::InvalidState(), base::Cat(file->name, " is still being transferred"));
    if (lease->over()) co_return WhyOver(*lease);
    lease->end = Lease::End::kComplete;
    lease->changed.Notify();
    co_await UntilTaskEnds(lease->task);
    if (lease->end != Lease::End::kComplete) co_return WhyOver(*lease);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Leases::Abort(vim::Ref ref, std::string user, std::string why) {
    CO_TRY(lease, Find(ref, user));
    if (lease->end == Lease::End::kComplete) co_return vim::Fault(vim::InvalidState(), "the lease has ended already");
    if (!lease->over()) {
        lease->end = Lease::End::kAbort;
        lease->fault =
            vim::Fault(vim::RequestCanceled(), why.empty() ? "aborted by its client" : "aborted by its client: " + why);
        lease->changed.Notify();
    }
    co_await UntilTaskEnds(lease->task);
    co_return vim::Result<>{};
}

void Leases::Attach(const vim::Ref& ref, std::shared_ptr<void> standing) {
    auto found = leases_.find(ref.id);
    if (found != leases_.end()) found->second->standing = std::move(standing);
}

void Leases::Revoke(const vim::Ref& ref, const std::string& why) {
    auto found = leases_.find(ref.id);
    if (found == leases_.end() || found->second->over()) return;
    Lease& lease = *found->second;
    lease.end = Lease::End::kRevoked;
    lease.fault = vim::Fault(vim::RequestCanceled(), "the lease was revoked: " + why);
    base::LogWarning("nfc", base::Cat(lease.name, ": ", lease.fault->message()));
    lease.changed.Notify();
}

vim::Result<> Leases::Progress(const vim::Ref& ref, const std::string& user, int percent) {
    TRY(lease, Find(ref, user));
    if (lease->end == Lease::End::kExpired) return WhyOver(*lease);
    if (lease->over()) return {};
    Alive(*lease);
    int shown = std::clamp(percent, 0, 100);
    Publish(*lease, [&](vim::HttpNfcLease& l) { l.transfer_progress = shown; });
    return {};
}

vim::Result<> Leases::SetChecksumTypes(const vim::Ref& ref, const std::string& user,
                                       const std::vector<vim::Ptr<vim::KeyValue>>& types) {
    TRY(lease, Find(ref, user));
    if (!lease->ready || lease->over()) return vim::Fault(vim::InvalidState(), "the lease is not ready");
    for (const auto& one : types) {
        std::string kind = base::Lower(one->value);
        if (kind != "sha1" && kind != "sha256")
            return vim::Fault(vim::InvalidArgument("deviceUrlsToChecksumTypes"),
                              base::Cat("checksums are sha1 or sha256, not \"", one->value, "\""));
        auto file = std::find_if(lease->files.begin(), lease->files.end(),
                                 [&](const LeaseFile& f) { return f.key == one->key || f.import_key == one->key; });
        if (file == lease->files.end())
            return vim::Fault(vim::InvalidArgument("deviceUrlsToChecksumTypes"),
                              base::Cat("the lease has no device ", one->key));
        if (kind != file->sum_type && (file->busy || file->done))
            return vim::Fault(vim::InvalidState(),
                              base::Cat(one->key, " has been transferred: choose its checksum before"));
        file->sum_type = kind;
    }
    return {};
}

vim::Result<std::vector<vim::Ptr<vim::HttpNfcLeaseManifestEntry>>> Leases::Manifest(const vim::Ref& ref,
                                                                                    const std::string& user) const {
    TRY(lease, Find(ref, user));
    if (!lease->ready) return vim::Fault(vim::InvalidState(), "the lease is not ready yet");
    std::vector<vim::Ptr<vim::HttpNfcLeaseManifestEntry>> out;
    for (const LeaseFile& f : lease->files) {
        if (!f.done) continue;
        vim::HttpNfcLeaseManifestEntry e;
        e.key = f.key;
        e.sha1 = f.moved.sha1;
        e.checksum = f.sha256() ? f.moved.sha256 : f.moved.sha1;
        e.checksum_type = f.sum_type;
        e.size = f.moved.bytes;
        e.disk = f.disk;
        if (f.disk) {
            e.capacity = f.size;
            e.populated_size = f.moved.populated;
        }
        out.push_back(std::move(e));
    }
    return out;
}

std::optional<Moved> Leases::Exported(const vim::Ref& vm, std::string_view place) const {
    std::optional<Moved> out;
    base::Duration newest{};
    for (const auto& [id, lease] : leases_)
        for (const LeaseFile& f : lease->files) {
            bool of_it = !lease->import && lease->vm == vm && f.done && f.key.ends_with(base::Cat('/', place));
            if (!of_it || (out && lease->renewed < newest)) continue;
            out = f.moved;
            newest = lease->renewed;
        }
    return out;
}

// --- the bytes

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
