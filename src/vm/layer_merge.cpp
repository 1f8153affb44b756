#include "vm/layer_merge.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>

#include "backend/disk_server.h"
#include "base/log.h"
#include "base/text.h"
#include "codec/qcow2.h"
#include "rt/fd.h"
#include "rt/files.h"
#include "rt/loop.h"
#include "vm/backend_spec.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> ChainOf(const LayerGraph& graph, std::string layer) {
    std::vector<std::string> out;
    for (; !layer.empty(); layer = graph.parent.at(layer)) out.insert(out.begin(), layer);
    return out;
}

// A layer in the words of the disk server.
backend::DiskLayer LayerOf(const DiskLink& link, bool writable) {
    return {.path = link.data,
            .format = link.text.HasParent() ? backend::LayerFormat::kQcow2 : backend::LayerFormat::kRaw,
            .writable = writable,
            .descriptor = {},
            .extents = {}};
}

// A text of .vmx lines with another name for one disk's file; "" : that file is not in it.
base::Result<std::string> Renamed(const Home& home, const std::string& file, const std::string& from,
                                  const std::string& into) {
    auto vmx = ReadVmx(file);
    if (!vmx && vmx.error().code == base::Code::kNotFound) return std::string();
    if (!vmx) return std::move(vmx).error();
    bool changed = false;
    for (const codec::Vmx::Entry& entry : vmx->Entries()) {
        if (!base::Lower(entry.key).ends_with(".filename")) continue;
        auto named = Locate(home.volumes, ToDatastorePath(home.volumes, home.vmx.Folder(), entry.value));
        if (!named || named->Absolute() != from) continue;
        DatastorePath path = named->path.Folder() / NameOf(into);
        vmx->Set(entry.key, ToVmxName(home.volumes, home.vmx.Folder(), path.Text()));
        changed = true;
    }
    return changed ? vmx->Text() : std::string();
}

base::Result<> RenameInVmx(const Home& home, const std::string& file, const std::string& from,
                           const std::string& into) {
    TRY(text, Renamed(home, file, from, into));
    return text.empty() ? base::Result<>{} : rt::WriteFileAtomically(file, text, 0600);
}

// The .vmx as it will be once the guest writes another file, on the disk already: what is left
// to do then cannot fail for want of room.
std::string NextVmx(const Home& home) { return home.file + ".new"; }

base::Result<> WriteNext(const Home& home, const MergePlan& plan) {
    TRY(text, Renamed(home, home.file, plan.from, plan.into));
    if (text.empty()) return base::Error{base::Code::kInvalid, home.file + " does not name " + plan.from};
    return rt::WriteFileAtomically(NextVmx(home), text, 0600);
}

base::Result<> UseNext(const Home& home) {
    if (rename(NextVmx(home).c_str(), home.file.c_str())) return base::FromErrno(errno, "replace " + home.file);
    return rt::SyncDir(home.Folder());
}

base::Result<> RenameInSnapshots(const Home& home, const std::string& from, const std::string& into) {
    TRY(vmsd, ReadSnapshots(home));
    bool changed = false;
    for (codec::VmsdSnapshot& snapshot : vmsd.snapshots)
        for (codec::VmsdDisk& disk : snapshot.disks) {
            if (ShownFile(home, disk) != from) continue;
            disk.file = disk.file.substr(0, disk.file.size() - NameOf(from).size()) + NameOf(into);
            changed = true;
            if (HasOwnConfig(home, snapshot.uid))
                CHECK(RenameInVmx(home, ConfigFileOf(home, snapshot.uid), from, into));
        }
    return changed ? WriteSnapshots(home, vmsd) : base::Result<>{};
}

// For people with qemu-img: nothing here reads the name inside of a layer. Those that a guest has
// open QEMU has seen to.
base::Result<> RenameInside(const std::string& layer, const DiskLink& into) {
    constexpr std::size_t kSector = 512;                 // written whole or not at all
    rt::Fd file(open(layer.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return base::FromErrno(errno, "open " + layer);
    std::string head(kSector, '\0');
    if (pread(file.get(), head.data(), kSector, 0) != static_cast<ssize_t>(kSector)) return {};
    if (!codec::RenameQcow2Backing(head, NameOf(into.data), into.text.HasParent() ? "qcow2" : "raw")) return {};
    if (pwrite(file.get(), head.data(), kSector, 0) != static_cast<ssize_t>(kSector) || fdatasync(file.get()))
        return base::FromErrno(errno, "write " + layer);
    return {};
}

base::Result<> RenameBeneath(const Layers& layers, const MergePlan& plan) {
    for (const auto& [child, parent] : layers.graph.parent)
        if (parent == plan.from && !IsShared(layers.links.at(child).data))
            CHECK(RenameInside(layers.links.at(child).data, layers.links.at(plan.into)));
    return {};
}

// The data of a layer that nothing leads to any more.
std::string DataOf(const std::string& layer) {
    auto text = rt::ReadFile(layer, codec::VmdkDescriptor::kMaxBytes);
    auto parsed = text ? codec::VmdkDescriptor::Parse(*text) : base::Result<codec::VmdkDescriptor>(text.error());
    if (!parsed || parsed->extents.size() != 1 || !codec::CheckExtentName(parsed->extents.front().file))
        return DeltaOf(layer);
    return layer.substr(0, layer.rfind('/') + 1) + parsed->extents.front().file;
}

}  // namespace

base::Result<> Rename(const Home& home, const Layers& layers, const MergePlan& plan) {
    const DiskLink& into = layers.links.at(plan.into);
    for (const auto& [child, parent] : layers.graph.parent) {
        if (parent != plan.from) continue;
        codec::VmdkDescriptor text = layers.links.at(child).text;
        text.parent_hint = NameOf(plan.into);
        text.parent_cid = into.text.cid;
        CHECK(rt::WriteFileAtomically(child, text.Text(), 0600));
    }
    CHECK(RenameInSnapshots(home, plan.from, plan.into));
    CHECK(RenameInVmx(home, home.file, plan.from, plan.into));
    std::vector<std::string> gone = plan.between;
    gone.push_back(plan.from);
    for (auto layer = gone.rbegin(); layer != gone.rend(); ++layer) {
        CHECK(RemoveFile(layers.links.at(*layer).data));
        CHECK(RemoveFile(*layer));
    }
    return rt::SyncDir(plan.into.substr(0, plan.into.rfind('/')));
}

base::Result<> RemoveMerged(const Home& home, const Config& config, const std::string& gone) {
    TRY(vmsd, ReadSnapshots(home));
    Layers layers = ReadLayers(home, config, vmsd);
    if (!layers.troubles.empty()) return {};             // who knows what hangs on them
    for (std::string_view one : base::Split(gone, '\n')) {
        std::string layer(one);
        if (!layer.ends_with(".vmdk") || layers.links.contains(layer)) continue;
        auto within = [&](const Volume& v) {
            return layer.starts_with(v.folder + "/") && StaysWithin(v.folder, layer);
        };
        if (!std::any_of(home.volumes.begin(), home.volumes.end(), within)) continue;
        CHECK(RemoveFile(DataOf(layer)));
        CHECK(RemoveFile(layer));
    }
    return {};
}

std::string LayerMerges::GoneText(const Jobs& jobs) {
    std::string out;
    for (const auto& job : jobs) {
        for (const std::string& layer : job->plan.between) out += layer + "\n";
        out += job->plan.from + "\n";
    }
    return out;
}

// Which of the merged layers the guest has open, and where they are in its chain.
void LayerMerges::Describe(Job& job, const Config& config) const {
    if (!Runs()) return;
    for (const Device& device : config.hardware->device) {
        auto* file = device->type().IsA(vim::VirtualDisk::kType)
                         ? device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()
                         : nullptr;
        auto located = file ? Locate(home_.volumes, file->file_name) : vim::Result<Located>(Located());
        if (!file || !located || !layers_.links.contains(located->Absolute())) continue;
        std::vector<std::string> chain = ChainOf(layers_.graph, located->Absolute());
        auto into = std::find(chain.begin(), chain.end(), job.plan.into);
        auto from = std::find(chain.begin(), chain.end(), job.plan.from);
        if (into == chain.end() || from == chain.end()) continue;
        job.node = SlotOf(*device)->Word();
        job.live.disk.key = device->key;
        job.live.disk.path = layers_.links.at(chain.front()).data;
        for (std::size_t i = 1; i < chain.size(); ++i)
            job.live.disk.overlays.push_back(layers_.links.at(chain[i]).data);
        job.live.into = static_cast<std::size_t>(into - chain.begin());
        job.live.from = static_cast<std::size_t>(from - chain.begin());
        job.active = job.live.Active();
    }
}

void LayerMerges::Tell(const std::shared_ptr<Job>& job, int percent) {
    job->percent = percent;
    int sum = 0;
    for (const auto& one : jobs_) sum += one->percent;
    progress_.Percent(jobs_.empty() ? 0 : 95 * sum / static_cast<int>(100 * jobs_.size()));
}

rt::Co<base::Result<>> LayerMerges::CopyLive(std::shared_ptr<Job> job) {
    backend::Progress percent = [this, job](int done) { Tell(job, done); };
    std::function<bool()> cancelled = [this] { return progress_.cancelled(); };
    co_return co_await c_.hypervisor.MergeLayers(vm_.id, job->live, std::move(percent), std::move(cancelled));
}

// The disk server commits the last layer into the one before: from the top down.
rt::Co<base::Result<>> LayerMerges::CopyIdle(std::shared_ptr<Job> job) {
    if (!c_.disks) co_return base::Error{base::Code::kInvalid, "there is nothing that could merge layers of disks"};
    std::vector<std::string> chain = ChainOf(layers_.graph, job->plan.from);
    while (chain.back() != job->plan.into) {
        std::vector<backend::DiskLayer> open;
        for (std::size_t i = 0; i < chain.size(); ++i)
            open.push_back(LayerOf(layers_.links.at(chain[i]), i + 2 == chain.size()));
        CO_TRY(disk, co_await c_.disks->Open(std::move(open)));
        backend::JobWatch watch{.percent = [this, job](int done) { Tell(job, done); },
                                .cancelled = [this] { return progress_.cancelled(); }};
        auto done = co_await disk->Commit(std::move(watch));
        co_await disk->Close();
        CO_CHECK(std::move(done));
        chain.pop_back();
    }
    co_return base::Result<>{};
}

rt::Co<void> LayerMerges::CopyOne(LayerMerges* self, std::shared_ptr<Job> job) {
    if (!job->node.empty()) job->result = co_await self->CopyLive(job);
    else job->result = co_await self->CopyIdle(job);
    job->ended = true;
    self->ended_.Notify();
}

// All at once. The first failure is told; the others come to their end first.
rt::Co<base::Result<>> LayerMerges::CopyAll(Jobs jobs) {
    for (const auto& job : jobs) co_await rt::Detach(CopyOne(this, job));
    for (const auto& job : jobs)
        while (!job->ended) co_await ended_.Wait();
    for (const auto& job : jobs)
        if (!job->result) co_return job->result;
    co_return base::Result<>{};
}

// The guest goes on in the lower file, and its configuration says so. It is held meanwhile:
// once it wrote there, the upper file would be stale.
rt::Co<base::Result<>> LayerMerges::SwitchOver(std::shared_ptr<Job> job) {
    auto prepare = [home = home_, plan = job->plan] { return WriteNext(home, plan); };
    CO_CHECK(co_await c_.pool.Run(std::move(prepare)));
    std::string upper = job->live.disk.overlays.back();
    auto done = co_await c_.hypervisor.EndMerge(vm_.id, job->live);
    if (!done && Runs()) {                               // which of the two it writes now is what counts
        auto still = co_await c_.hypervisor.Writes(vm_.id, job->live.disk.key, upper);
        if (still && !*still) done = base::Result<>{};
    }
    if (!done) {
        auto clear = [next = NextVmx(home_)] { return RemoveFile(next); };
        (void)co_await c_.pool.Run(std::move(clear));
        co_return done;
    }
    auto use = [home = home_] { return UseNext(home); };
    co_return co_await c_.pool.Run(std::move(use));
}

rt::Co<base::Result<>> LayerMerges::Finish(Jobs jobs) {
    bool active = std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return job->active; });
    base::Result<> done;
    if (active) done = co_await c_.hypervisor.Hold(vm_.id);
    for (const auto& job : jobs) {
        if (done && job->active) done = co_await SwitchOver(job);
        else if (done && !job->node.empty()) done = co_await c_.hypervisor.EndMerge(vm_.id, job->live);
        auto rename = [home = home_, layers = layers_, plan = job->plan, idle = job->node.empty()]() -> base::Result<> {
            if (idle) CHECK(RenameBeneath(layers, plan));
            return Rename(home, layers, plan);
        };
        if (done) done = co_await c_.pool.Run(std::move(rename));
    }
    if (!active || !Runs()) co_return done;
    auto released = co_await c_.hypervisor.Release(vm_.id);
    co_return done ? released : done;
}

rt::Co<vim::Result<bool>> LayerMerges::Round() {
    auto vm = c_.Get(vm_);
    if (!vm || !vm->config) co_return vim::Fault(vim::ManagedObjectNotFound(vm_), "the virtual machine is gone");
    auto read = [home = home_, config = *vm->config]() -> base::Result<Layers> {
        TRY(vmsd, ReadSnapshots(home));
        return ReadLayers(home, config, vmsd);
    };
    auto layers = co_await c_.pool.Run(std::move(read));
    if (!layers) co_return FileFault(std::move(layers).error(), home_.vmx);
    if (!layers->troubles.empty())
        co_return FileFault(base::Error{base::Code::kInvalid, layers->troubles.front()}, home_.vmx);
    layers_ = *std::move(layers);
    jobs_.clear();
    std::set<std::string> bases;                         // of one disk's layers, one row after the other
    for (MergePlan& plan : PlanMerges(layers_.graph)) {
        if (!bases.insert(ChainOf(layers_.graph, plan.into).front()).second) continue;
        auto job = std::make_shared<Job>();
        job->plan = std::move(plan);
        Describe(*job, *vm->config);
        jobs_.push_back(std::move(job));
    }
    if (jobs_.empty()) co_return false;
    auto done = co_await CopyAll(jobs_);
    for (const auto& job : jobs_)  // one that failed stops all; what is mirrored stays as it was
        if (!done && !job->node.empty() && Runs()) (void)co_await c_.hypervisor.GiveUpMerge(vm_.id, job->live.disk.key);
    if (!done && done.error().code != base::Code::kCancelled && !Runs() &&
        std::any_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return !job->node.empty(); })) {
        base::LogWarning("vm " + vm_.id, "it ended while layers were merged; that goes on without it");
        co_return true;
    }
    if (done) done = co_await progress_.Step("merged", GoneText(jobs_));
    if (done) done = co_await Finish(jobs_);
    (void)co_await c_.Refresh(vm_);
    if (!done && done.error().code == base::Code::kCancelled)
        co_return vim::Fault(vim::RequestCanceled(), std::move(done).error().message);
    if (!done) co_return FileFault(std::move(done).error(), home_.vmx);
    co_return true;
}

rt::Co<vim::Result<>> LayerMerges::Run() {
    constexpr int kMostRounds = 64;
    for (int i = 0; i < kMostRounds; ++i) {
        CO_TRY(more, co_await Round());
        if (!more) co_return vim::Result<>{};
    }
    co_return vim::Fault(vim::SystemError(), "the layers of the disks do not become fewer");
}

}  // namespace vm
