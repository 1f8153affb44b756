// CreateSnapshot_Task. In this order: the new layers and the copy of the configuration; the
// .vmx, which names the new layers (they are empty, so it tells the truth already); the
// guest, which goes on in them; the .vmsd, which makes it a snapshot.
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vm/disk_files.h"
#include "vm/move_plan.h"
#include "vm/names.h"
#include "vm/snapshot_nodes.h"
#include "vm/snapshot_state.h"
#include "vm/snapshots.h"
#include "vm/step_text.h"
#include "vm/tracking.h"

namespace vm {
namespace {

namespace json = boost::json;

std::size_t Depth(const codec::Vmsd& vmsd, std::int64_t uid) {
    std::size_t depth = 0;
    for (const codec::VmsdSnapshot* s = vmsd.Find(uid); s; s = vmsd.Find(s->parent)) ++depth;
    return depth;
}

// The .vmx with other files for some disks; all other lines as they are.
base::Result<> NameLayers(const Home& home, const std::vector<std::pair<std::string, std::string>>& from_to) {
    TRY(vmx, ReadVmx(home.file));
    for (const codec::Vmx::Entry& entry : vmx.Entries()) {
        if (!base::Lower(entry.key).ends_with(".filename")) continue;
        auto named = Locate(home.volumes, ToDatastorePath(home.volumes, home.vmx.Folder(), entry.value));
        for (const auto& [from, to] : from_to)
            if (named && named->Absolute() == from)
                vmx.Set(entry.key, ToVmxName(home.volumes, home.vmx.Folder(),
                                             (named->path.Folder() / to.substr(to.rfind('/') + 1)).Text()));
    }
    return rt::WriteFileAtomically(home.file, vmx.Text(), 0600);
}

}  // namespace

std::string Snapshots::Taking::Text() const {
    json::object o{{"uid", uid},       {"parent", parent},   {"name", name},       {"description", description},
                   {"memory", memory}, {"quiesce", quiesce}, {"running", running}, {"suspended", suspended}};
    json::array shown, made;
    for (const codec::VmsdDisk& disk : disks) shown.push_back(json::object{{"node", disk.node}, {"file", disk.file}});
    for (const Layer& l : layers)
        made.push_back(json::object{{"key", l.key}, {"below", l.below}, {"above", l.above}, {"path", l.path}});
    o["disks"] = std::move(shown);
    o["layers"] = std::move(made);
    return json::serialize(o);
}

Snapshots::Taking Snapshots::Taking::Parse(const std::string& text) {
    json::object o = ParseStep(text);
    Taking out;
    out.uid = Number(o, "uid");
    out.parent = Number(o, "parent");
    out.name = Word(o, "name");
    out.description = Word(o, "description");
    out.memory = Flag(o, "memory");
    out.quiesce = Flag(o, "quiesce");
    out.running = Flag(o, "running");
    out.suspended = Flag(o, "suspended");
    for (const json::object& disk : Objects(o, "disks")) out.disks.push_back({Word(disk, "node"), Word(disk, "file")});
    for (const json::object& l : Objects(o, "layers"))
        out.layers.push_back({static_cast<int>(Number(l, "key")), Word(l, "below"), Word(l, "above"), Word(l, "path")});
    return out;
}

// A device whose state cannot be frozen or does not belong to this VM alone.
vim::Result<> Snapshots::CheckDevices(const Vm& vm, bool memory) const {
    for (const Device& device : vm.config->hardware->device) {
        if (!device->type().IsA(vim::VirtualDisk::kType)) continue;
        std::string label = device->device_info ? device->device_info->label : base::Cat("disk ", device->key);
        auto* backing = device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
        if (memory && IsIndependent(*device))
            return vim::Fault(vim::MemorySnapshotOnIndependentDisk(),
                              base::Cat(label, " of ", vm.name,
                                        " is independent: memory would not fit to it afterwards; take the snapshot "
                                        "without memory"));
        bool shared = backing && backing->sharing.value_or("sharingNone") != "sharingNone";
        if (backing && !shared) continue;
        vim::SnapshotIncompatibleDeviceInVm fault;
        fault.fault = vim::Fault(vim::DeviceNotSupported(label, std::nullopt)).AsData();
        return vim::Fault(std::move(fault),
                          base::Cat(label, " of ", vm.name,
                                    shared ? " is shared with other virtual machines: of such a disk there are no "
                                             "snapshots"
                                           : " is no file of a datastore: of such a disk there are no snapshots"));
    }
    return {};
}

vim::Result<> Snapshots::CheckRoom(const Home& home, const Taking& taking, const Vm& vm) const {
    constexpr std::int64_t kMib = 1 << 20;
    std::int64_t needs = kMib + static_cast<std::int64_t>(taking.layers.size()) * kMib;
    if (taking.memory && taking.running) needs += (vm.config->hardware->memory_mb + 64) * kMib;
    return CheckRoomBeside(home, needs, "for a snapshot of " + vm.name);
}

rt::Co<vim::Result<Snapshots::Taking>> Snapshots::Plan(vim::Ref ref, Wanted wanted) {
    CO_TRY(vm, WithFiles(ref));
    Home home = c_.HomeOf(*c_.Find(ref));
    Taking taking;
    taking.name = wanted.name;
    taking.description = wanted.description;
    taking.running = vm->runtime->power_state == PowerState::kPoweredOn;
    taking.suspended = vm->runtime->power_state == PowerState::kSuspended;
    taking.memory = taking.suspended || (wanted.memory && taking.running);       // its state is a part of it
    taking.quiesce = wanted.quiesce && taking.running && !taking.memory;
    taking.patience = wanted.patience;
    CO_CHECK(CheckNameOf("a snapshot", wanted.name, ref));
    CO_CHECK(CheckDevices(*vm, taking.memory));
    CO_TRY(disks, DisksOf(*vm->config, home.volumes));
    struct Found {
        codec::Vmsd vmsd;
        std::vector<DiskLink> tops;
        std::size_t deepest = 0;
    };
    auto look = [home, disks]() -> base::Result<Found> {
        Found out;
        TRY(vmsd, ReadSnapshots(home));
        out.vmsd = std::move(vmsd);
        for (const SnapshotDisk& disk : disks) {
            TRY(chain, ReadChain(disk.file.volume.folder, disk.file.Absolute()));
            out.deepest = std::max(out.deepest, chain.size());
            out.tops.push_back(std::move(chain.back()));
        }
        return out;
    };
    auto found = co_await c_.pool.Run(std::move(look));
    if (!found) co_return FileFault(std::move(found).error(), home.vmx);
    if (Depth(found->vmsd, found->vmsd.current) >= kMaxSnapshotDepth || found->deepest > kMaxSnapshotDepth)
        co_return vim::Fault(vim::TooManySnapshotLevels(),
                             base::Cat(vm->name, " has ", kMaxSnapshotDepth,
                                       " snapshots in a row already, which is the most there can be; remove some"));
    taking.uid = found->vmsd.last_uid + 1;
    taking.parent = found->vmsd.current;
    std::vector<std::string> taken;
    for (const SnapshotDisk& disk : disks) {
        std::string above = NextOverlay(disk.file.Absolute(), taken);
        taken.push_back(above);
        taking.layers.push_back({disk.key, disk.file.Absolute(), above,
                                 (disk.file.path.Folder() / above.substr(above.rfind('/') + 1)).Text()});
        taking.disks.push_back({disk.node, ToVmxName(home.volumes, home.vmx.Folder(), disk.file.path.Text())});
    }
    CO_CHECK(CheckRoom(home, taking, *vm));
    co_return taking;
}

rt::Co<vim::Result<vim::Ref>> Snapshots::Create(vim::call::CreateSnapshot call, std::string user) {
    Wanted wanted{.name = call.name,
                  .description = call.description.value_or(""),
                  .memory = call.memory,
                  .quiesce = call.quiesce};
    return StartCreate(&vim::call::CreateSnapshot::kMethod, call.self, std::move(wanted), std::move(user));
}

// The fields of Windows' own kind of it are for its shadow copies, of which our agent knows nothing.
rt::Co<vim::Result<vim::Ref>> Snapshots::CreateEx(vim::call::CreateSnapshotEx call, std::string user) {
    constexpr int kShortest = 5, kLongest = 240;         // minutes
    Wanted wanted{.name = call.name,
                  .description = call.description.value_or(""),
                  .memory = call.memory,
                  .quiesce = bool(call.quiesce_spec)};
    if (wanted.quiesce && call.quiesce_spec->timeout) {
        int minutes = *call.quiesce_spec->timeout;
        if (minutes < kShortest || minutes > kLongest)
            co_return vim::Fault(
                vim::InvalidArgument("quiesceSpec.timeout"),
                base::Cat("a guest may have ", kShortest, " to ", kLongest, " minutes to come to rest, not ", minutes));
        wanted.patience = std::chrono::minutes(minutes);
    }
    co_return co_await StartCreate(&vim::call::CreateSnapshotEx::kMethod, call.self, std::move(wanted),
                                   std::move(user));
}

rt::Co<vim::Result<vim::Ref>> Snapshots::StartCreate(const vim::Method* method, vim::Ref ref, Wanted wanted,
                                                     std::string user) {
    CO_TRY(taking, co_await Plan(ref, std::move(wanted)));
    std::string state = taking.Text();
    task::Work work = [this, ref, taking, user](task::Progress& p) { return RunCreate(ref, taking, user, p); };
    co_return co_await c_.StartTask(*method, ref, user, std::move(work), std::move(state));
}

// What the snapshot keeps of a machine that does not write its files now.
static base::Result<> KeepBesides(const Home& home, std::int64_t uid, bool suspended,
                                  const std::vector<std::string>& new_layers) {
    CHECK(KeepVariables(home, uid));
    if (!suspended) return {};
    CHECK(KeepState(home, uid));
    return AgeAsState(home, new_layers);
}

// The files, then the guest. What it answers is whether the guest was quiesced.
rt::Co<vim::Result<bool>> Snapshots::Take(vim::Ref ref, Taking taking, Home home, task::Progress& progress) {
    auto make = [taking, home]() -> base::Result<> {
        TRY(vmx, rt::ReadFile(home.file, kMaxVmxBytes));
        CHECK(rt::WriteFileAtomically(ConfigFileOf(home, taking.uid), vmx, 0600));
        if (!taking.suspended) CHECK(SetVmxLine(ConfigFileOf(home, taking.uid), kSuspendKey, ""));
        std::vector<std::pair<std::string, std::string>> names;
        std::vector<std::string> fresh;
        for (const Taking::Layer& layer : taking.layers) {
            auto located = Locate(home.volumes, layer.path);
            if (!located) return base::Error{base::Code::kNotFound, located.error().message()};
            TRY(chain, ReadChain(located->volume.folder, layer.below));
            CHECK(MakeOverlay(chain.back(), layer.above));
            names.emplace_back(layer.below, layer.above);
            fresh.push_back(DeltaOf(layer.above));
        }
        if (!taking.running) CHECK(KeepBesides(home, taking.uid, taking.suspended, fresh));
        return NameLayers(home, names);
    };
    auto made = co_await c_.pool.Run(std::move(make));
    if (!made) co_return FileFault(std::move(made).error(), home.vmx);
    CO_CHECK(co_await progress.Step("layers", ""));
    if (!taking.running) co_return false;
    backend::SnapshotPlan plan{.layers = {},
                               .memory = taking.memory ? MemoryFileOf(home, taking.uid) : std::string(),
                               .quiesce = taking.quiesce,
                               .patience = taking.patience};
    auto efi = [home] { return HasVariables(home); };
    if (co_await c_.pool.Run(std::move(efi))) {
        plan.variables = VariablesFileOf(home);
        plan.variables_copy = VariablesFileOf(home, taking.uid);
    }
    for (const Taking::Layer& layer : taking.layers) plan.layers.push_back({layer.key, DeltaOf(layer.above)});
    backend::Progress percent = [&progress](int done) { progress.Percent(done * 9 / 10); };
    auto taken = co_await c_.hypervisor.TakeSnapshot(ref.id, std::move(plan), std::move(percent));
    if (!taken && taking.quiesce && taken.error().code == base::Code::kBusy)
        co_return vim::Fault(vim::ApplicationQuiesceFault(), std::move(taken).error().message);
    if (!taken && taken.error().code == base::Code::kNoSpace) co_return FileFault(std::move(taken).error(), home.vmx);
    if (!taken) co_return BackendFault(std::move(taken).error());
    CO_CHECK(co_await progress.Step("switched", ""));
    co_return *taken;
}

rt::Co<vim::Result<>> Snapshots::Keep(vim::Ref ref, Taking taking, Home home, bool quiesced) {
    auto keep = [taking, home, quiesced, now = c_.timer.Now()]() -> base::Result<> {
        TRY(vmsd, ReadSnapshots(home));
        if (vmsd.Find(taking.uid)) return {};
        vmsd.last_uid = std::max(vmsd.last_uid, taking.uid);
        vmsd.current = taking.uid;
        vmsd.snapshots.push_back({.uid = taking.uid,
                                  .parent = taking.parent,
                                  .memory_file = ConfigFileOf(home, taking.uid).substr(home.Folder().size() + 1),
                                  .name = taking.name,
                                  .description = taking.description,
                                  .created = now,
                                  .with_memory = taking.memory,
                                  .quiesced = quiesced,
                                  .disks = taking.disks});
        return WriteSnapshots(home, vmsd);
    };
    auto kept = co_await c_.pool.Run(std::move(keep));
    (void)co_await c_.Refresh(ref);
    if (!kept) co_return FileFault(std::move(kept).error(), home.vmx);
    co_return vim::Result<>{};
}

// Nothing was written to the new layers.
rt::Co<void> Snapshots::UndoCreate(vim::Ref ref, Taking taking, Home home) {
    auto undo = [taking, home]() -> base::Result<> {
        std::vector<std::pair<std::string, std::string>> names;
        for (const Taking::Layer& layer : taking.layers) names.emplace_back(layer.above, layer.below);
        CHECK(NameLayers(home, names));
        for (const Taking::Layer& layer : taking.layers) {
            CHECK(RemoveFile(layer.above));
            CHECK(RemoveFile(DeltaOf(layer.above)));
        }
        CHECK(RemoveFile(MemoryFileOf(home, taking.uid) + ".part"));
        CHECK(RemoveFile(MemoryFileOf(home, taking.uid)));
        CHECK(RemoveFile(VariablesFileOf(home, taking.uid)));
        return RemoveFile(ConfigFileOf(home, taking.uid));
    };
    if (auto undone = co_await c_.pool.Run(std::move(undo)); !undone)
        base::LogError("vm " + ref.id, "a snapshot cannot be undone: " + undone.error().message);
    (void)co_await c_.Refresh(ref);
}

Snapshots::Done Snapshots::RunCreate(vim::Ref ref, Taking taking, std::string user, task::Progress& progress) {
    auto before = c_.Get(ref);
    Home home = c_.HomeOf(*c_.Find(ref));
    std::uint32_t number = static_cast<std::uint32_t>(taking.uid);
    if (!taking.running) co_await tracking_.Unseal(ref, number);
    auto taken = co_await Take(ref, taking, home, progress);
    if (taken && taking.running) co_await tracking_.Collect(ref, backend::ChangesOf::kFrozenLayers, number);
    vim::Result<> kept;
    if (!taken) {
        co_await UndoCreate(ref, taking, home);
        kept = taken.error();
    } else {
        kept = co_await Keep(ref, taking, home, *taken);
    }
    if (!taking.running) {
        co_await tracking_.Seal(ref);
        (void)co_await c_.Refresh(ref);
    }
    if (!kept) {
        co_await c_.Note(ref, "snapshot failed: " + kept.error().message());
        co_return std::move(kept).error().While("snapshot of " + before->name);
    }
    co_await c_.Note(ref, base::Cat("snapshot ", taking.uid, " \"", taking.name, "\" taken by ", user,
                                    *taken ? ", quiesced" : "", taking.memory ? ", with memory" : ""));
    co_return vim::Any(SnapshotRef(ref, taking.uid));
}

// The layers tell: a guest that writes them, or one that is not there to ask and may have
// written them, has its snapshot; else nothing was written, and all is as before.
Snapshots::Done Snapshots::ResumeCreate(task::Unfinished what, task::Progress&) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    Record* record = c_.Find(ref);
    Taking taking = Taking::Parse(what.begun);
    vim::Fault undone = Interrupted(
        "the host agent was restarted while a snapshot was taken; there is none, and the virtual machine "
        "is as it was before");
    if (!record || record->file.empty() || !taking.uid) co_return undone;
    Home home = c_.HomeOf(*record);
    bool runs = c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped;
    bool whole = !what.step.empty();
    if (whole && runs && !taking.layers.empty()) {
        std::string delta = DeltaOf(taking.layers.front().above);
        auto writes = co_await c_.hypervisor.Writes(ref.id, taking.layers.front().key, std::move(delta));
        if (!writes) co_return BackendFault(std::move(writes).error().While("look at a snapshot that was cut off"));
        whole = *writes;
    }
    if (whole && taking.memory) {
        auto there = [file = MemoryFileOf(home, taking.uid)] { return access(file.c_str(), R_OK) == 0; };
        whole = co_await c_.pool.Run(std::move(there));
    }
    auto kept = whole ? co_await Keep(ref, taking, home, false) : vim::Result<>{};
    if (!whole) co_await UndoCreate(ref, taking, home);
    if (runs) (void)co_await c_.hypervisor.Release(ref.id);
    if (!kept) co_return std::move(kept).error();
    if (!whole) co_return undone;
    co_return vim::Any(SnapshotRef(ref, taking.uid));
}

}  // namespace vm
