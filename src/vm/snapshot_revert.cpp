// Going back to a snapshot: its configuration, new empty layers over its disks, its memory.
// What was written since the last snapshot is given up. Once begun it is always brought to
// its end: until the .vmx is replaced the old state is whole, afterwards the new one.
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vm/backend_spec.h"
#include "vm/disk_files.h"
#include "vm/layer_merge.h"
#include "vm/snapshot_nodes.h"
#include "vm/snapshot_state.h"
#include "vm/snapshots.h"
#include "vm/step_text.h"

namespace vm {
namespace {

namespace json = boost::json;

// What going back will make, and what nobody will need afterwards.
struct Back {
    struct Layer {
        std::string node, below, above;                  // absolute: descriptors
        std::string path;                                // datastore path of `above`
    };
    std::vector<Layer> layers;
    std::vector<std::string> ends;

    std::string Lines() const {
        std::string out;
        for (const Layer& layer : layers) out += layer.above + "\n";
        for (const std::string& end : ends) out += end + "\n";
        return out;
    }
};

base::Result<Back> PlanBack(const Home& home, const Config& now, std::int64_t uid) {
    TRY(vmsd, ReadSnapshots(home));
    const codec::VmsdSnapshot* snapshot = vmsd.Find(uid);
    if (!snapshot) return base::Error{base::Code::kNotFound, base::Cat("there is no snapshot ", uid, " any more")};
    Back back;
    std::vector<std::string> taken;
    for (const codec::VmsdDisk& disk : snapshot->disks) {
        auto located = Locate(home.volumes, ToDatastorePath(home.volumes, home.vmx.Folder(), disk.file));
        if (!located) return base::Error{base::Code::kInvalid, located.error().message()};
        std::string above = NextOverlay(located->Absolute(), taken);
        taken.push_back(above);
        back.layers.push_back({disk.node, located->Absolute(), above,
                               (located->path.Folder() / above.substr(above.rfind('/') + 1)).Text()});
    }
    Layers layers = ReadLayers(home, now, vmsd);
    layers.graph.written.clear();
    Config then = ConfigOf(home, *snapshot, now);
    for (const Device& device : then.hardware->device)
        if (device->type().IsA(vim::VirtualDisk::kType) && IsIndependent(*device))
            if (auto file = Locate(home.volumes, device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()->file_name))
                layers.graph.written.insert(file->Absolute());
    // A disk that came since is nobody's any more, but not ours to destroy.
    for (const std::string& layer : DeadEnds(layers.graph))
        if (layers.links.at(layer).text.HasParent()) back.ends.push_back(layer);
    return back;
}

// The .vmx of the snapshot's time, over new layers; its name and what only counts now stay.
base::Result<> WriteBack(const Home& home, const codec::VmsdSnapshot& snapshot, const Config& now, const Back& back,
                         bool suspend) {
    auto vmx = ReadVmx(ConfigFileOf(home, snapshot.uid));
    TRY(current, ReadVmx(home.file));
    Config config = ConfigOf(home, snapshot, now);
    codec::Vmx text = vmx ? *std::move(vmx) : current;
    for (Device& device : config.hardware.Mut().device) {
        auto slot = SlotOf(*device);
        if (!slot) continue;
        for (const Back::Layer& layer : back.layers)
            if (layer.node == slot->Word())
                static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(device.Mut().backing.Mut()).file_name = layer.path;
    }
    config.name = now.name;
    WriteConfig(config, home.vmx, home.volumes, text);
    text.Remove(kSuspendKey);
    if (suspend) text.Set(kSuspendKey, StateFileOf(home).substr(home.Folder().size() + 1));
    return rt::WriteFileAtomically(home.file, text.Text(), 0600);
}

base::Result<> MakeLayers(const Home& home, const Back& back) {
    for (const Back::Layer& layer : back.layers) {
        auto located = Locate(home.volumes, layer.path);
        if (!located) return base::Error{base::Code::kInvalid, located.error().message()};
        TRY(chain, ReadChain(located->volume.folder, layer.below));
        CHECK(MakeOverlay(chain.back(), layer.above));
    }
    return {};
}

// What lies beside the disks, ready before the .vmx is another.
base::Result<> PrepareRest(const Home& home, std::int64_t uid, const Back& back, bool suspend) {
    CHECK(PrepareVariables(home, uid));
    if (!suspend) return {};
    CHECK(PutStateBack(home, uid));
    std::vector<std::string> fresh;
    for (const Back::Layer& layer : back.layers) fresh.push_back(DeltaOf(layer.above));
    return AgeAsState(home, fresh);
}

base::Result<> GoBack(const Home& home, const Config& now, std::int64_t uid, const Back& back, bool suspend) {
    TRY(vmsd, ReadSnapshots(home));
    const codec::VmsdSnapshot* snapshot = vmsd.Find(uid);
    if (!snapshot) return base::Error{base::Code::kNotFound, base::Cat("there is no snapshot ", uid, " any more")};
    auto done = MakeLayers(home, back);
    if (done) done = PrepareRest(home, uid, back, suspend);
    if (done) done = WriteBack(home, *snapshot, now, back, suspend);
    if (!done) {
        (void)DropPrepared(home);
        if (suspend) (void)RemoveFile(StateFileOf(home));
        for (const Back::Layer& layer : back.layers) {
            (void)RemoveFile(layer.above);
            (void)RemoveFile(DeltaOf(layer.above));
        }
        return done;
    }
    CHECK(UseVariables(home));
    vmsd.current = uid;
    CHECK(WriteSnapshots(home, vmsd));
    TRY(loaded, LoadFolder(home));
    return RemoveMerged(home, loaded.config, back.Lines());
}

}  // namespace

std::string Snapshots::Going::Text() const {
    return json::serialize(json::object{{"uid", uid}, {"start", start}, {"suspend", suspend}, {"mayStart", may_start}});
}

Snapshots::Going Snapshots::Going::Parse(const std::string& text) {
    json::object o = ParseStep(text);
    Going out;
    out.uid = Number(o, "uid");
    out.start = Flag(o, "start", out.start);
    out.suspend = Flag(o, "suspend", out.suspend);
    out.may_start = Flag(o, "mayStart", out.may_start);
    return out;
}

rt::Co<vim::Result<vim::Ref>> Snapshots::RevertToCurrent(vim::call::RevertToCurrentSnapshot call, std::string user) {
    CO_TRY(vm, WithFiles(call.self));
    if (!vm->snapshot || !vm->snapshot->current_snapshot)
        co_return vim::Fault(vim::NotFound(), vm->name + " has no snapshot to go back to");
    std::int64_t uid = SnapshotUid(call.self, vm->snapshot->current_snapshot);
    co_return co_await StartRevert(&vim::call::RevertToCurrentSnapshot::kMethod, call.self, uid,
                                   !call.suppress_power_on.value_or(false), std::move(user));
}

rt::Co<vim::Result<vim::Ref>> Snapshots::Revert(vim::call::RevertToSnapshot call, std::string user) {
    CO_TRY(ref, VmOf(call.self));
    co_return co_await StartRevert(&vim::call::RevertToSnapshot::kMethod, ref, SnapshotUid(ref, call.self),
                                   !call.suppress_power_on.value_or(false), std::move(user));
}

rt::Co<vim::Result<vim::Ref>> Snapshots::StartRevert(const vim::Method* method, vim::Ref ref, std::int64_t uid,
                                                     bool may_start, std::string user) {
    CO_TRY(vm, WithFiles(ref));
    enum class Memory { kNone, kOfRunning, kOfSuspended };
    auto look = [home = c_.HomeOf(*c_.Find(ref)), config = *vm->config, uid]() -> base::Result<Memory> {
        TRY(vmsd, ReadSnapshots(home));
        const codec::VmsdSnapshot* snapshot = vmsd.Find(uid);
        if (!snapshot) return base::Error{base::Code::kNotFound, "the snapshot is gone"};
        for (const codec::VmsdDisk& disk : snapshot->disks) {
            auto located = Locate(home.volumes, ToDatastorePath(home.volumes, home.vmx.Folder(), disk.file));
            if (!located) return base::Error{base::Code::kInvalid, located.error().message()};
            CHECK(ReadChain(located->volume.folder, located->Absolute()));
        }
        if (IsOfSuspended(home, *snapshot)) return Memory::kOfSuspended;
        bool there = snapshot->with_memory && access(MemoryFileOf(home, uid).c_str(), R_OK) == 0;
        return there ? Memory::kOfRunning : Memory::kNone;
    };
    auto memory = co_await c_.pool.Run(std::move(look));
    if (!memory) co_return FileFault(std::move(memory).error(), c_.Find(ref)->vmx);
    Going going{.uid = uid,
                .start = *memory == Memory::kOfRunning && may_start,
                .suspend = *memory == Memory::kOfSuspended,
                .may_start = may_start};
    std::string state = going.Text();
    task::Work work = [this, ref, going, user](task::Progress& p) { return RunRevert(ref, going, user, p); };
    co_return co_await c_.StartTask(*method, ref, user, std::move(work), std::move(state));
}

Snapshots::Done Snapshots::RunRevert(vim::Ref ref, Going going, std::string user, task::Progress& progress) {
    auto vm = c_.Get(ref);
    Home home = c_.HomeOf(*c_.Find(ref));
    if (Record* record = c_.Find(ref)) record->leaving = true;
    base::Result<> stopped;
    bool ran = c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped;
    if (ran) stopped = co_await c_.hypervisor.Stop(ref.id);
    if (Record* record = c_.Find(ref)) record->leaving = false;
    if (!stopped && stopped.error().code != base::Code::kNotFound)
        co_return BackendFault(std::move(stopped).error().While("revert " + vm->name));
    if (vm->runtime->power_state == PowerState::kSuspended) co_await power_.GiveUpState(ref);
    power_.SetStateOf(ref, PowerState::kPoweredOff);
    if (ran && !going.start) c_.Post(vim::VmPoweredOffEvent(), ref, user, progress.chain_id());
    auto plan = [home, config = *vm->config, uid = going.uid] { return PlanBack(home, config, uid); };
    auto planned = co_await c_.pool.Run(std::move(plan));
    if (!planned) co_return FileFault(std::move(planned).error().While("revert " + vm->name), home.vmx);
    CO_CHECK(co_await progress.Step("stopped", planned->Lines()));
    auto back = [home, config = *vm->config, going, plan = *planned] {
        return GoBack(home, config, going.uid, plan, going.suspend);
    };
    auto gone_back = co_await c_.pool.Run(std::move(back));
    if (gone_back && going.suspend) power_.SetStateOf(ref, PowerState::kSuspended);
    (void)co_await c_.Refresh(ref);
    if (!gone_back) co_return FileFault(std::move(gone_back).error().While("revert " + vm->name), home.vmx);
    co_await c_.Note(ref, base::Cat("reverted to snapshot ", going.uid, " by ", user));
    CO_CHECK(co_await progress.Step("back", ""));
    progress.Percent(50);
    if (!going.start) co_return vim::Any();
    auto started = co_await power_.GoOn(ref, MemoryFileOf(home, going.uid), user, progress);
    if (!started) co_return std::move(started).error().While("revert " + vm->name);
    co_return vim::Any();
}

Snapshots::Done Snapshots::ResumeRevert(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    Record* record = c_.Find(ref);
    Going going = Going::Parse(what.begun);
    if (!record || record->file.empty() || !going.uid)
        co_return vim::Fault(vim::SystemError(),
                             "the host agent was restarted during a revert; the virtual machine is gone");
    if (what.step != "back") {
        auto now = c_.Get(ref);
        auto clear = [home = c_.HomeOf(*record), config = *now->config, lines = what.step_state] {
            return RemoveMerged(home, config, lines);
        };
        if (auto cleared = co_await c_.pool.Run(std::move(clear)); !cleared)
            base::LogWarning("vm " + ref.id, cleared.error().message);
        co_return co_await RunRevert(ref, going, what.user, progress);
    }
    if (!going.start) co_return vim::Any();
    if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kPaused) (void)co_await c_.hypervisor.Resume(ref.id);
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) {
        power_.SetStateOf(ref, PowerState::kPoweredOn);
        co_return vim::Any();
    }
    auto started = co_await power_.GoOn(ref, MemoryFileOf(c_.HomeOf(*record), going.uid), what.user, progress);
    if (!started) co_return std::move(started).error();
    co_return vim::Any();
}

}  // namespace vm
