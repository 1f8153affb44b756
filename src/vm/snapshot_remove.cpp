// Removing snapshots, renaming them, and consolidation of disks.
#include <sys/stat.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vim/gen/storage.h"
#include "vm/disk_files.h"
#include "vm/layer_merge.h"
#include "vm/names.h"
#include "vm/snapshot_nodes.h"
#include "vm/snapshot_state.h"
#include "vm/snapshots.h"
#include "vm/step_text.h"
#include "vm/tracking.h"

namespace vm {
namespace {

namespace json = boost::json;

struct Removing {
    std::vector<std::int64_t> uids;
    bool consolidate = true;
    bool suspended = false;              // the machine is, and stays so

    std::string Text() const {
        json::array list(uids.begin(), uids.end());
        return json::serialize(
            json::object{{"uids", std::move(list)}, {"consolidate", consolidate}, {"suspended", suspended}});
    }
    static Removing Parse(const std::string& text) {
        json::object o = ParseStep(text);
        return {
            .uids = Numbers(o, "uids"), .consolidate = Flag(o, "consolidate", true), .suspended = Flag(o, "suspended")};
    }
};

// The snapshot and, when asked, all below it.
std::vector<std::int64_t> Below(const codec::Vmsd& vmsd, std::int64_t uid, bool children) {
    std::vector<std::int64_t> out{uid};
    for (std::size_t i = 0; children && i < out.size(); ++i)
        for (const codec::VmsdSnapshot& s : vmsd.snapshots)
            if (s.parent == out[i]) out.push_back(s.uid);
    return out;
}

// The tree without them: their children hang on their parents, and so does where the VM is.
// Their own files go; layers stay until they are merged.
base::Result<> Forget(const Home& home, const std::vector<std::int64_t>& uids) {
    TRY(vmsd, ReadSnapshots(home));
    bool changed = false;
    for (std::int64_t uid : uids) {
        const codec::VmsdSnapshot* found = vmsd.Find(uid);
        if (!found) continue;
        std::int64_t parent = found->parent;
        for (codec::VmsdSnapshot& s : vmsd.snapshots)
            if (s.parent == uid) s.parent = parent;
        if (vmsd.current == uid) vmsd.current = parent;
        std::erase_if(vmsd.snapshots, [&](const codec::VmsdSnapshot& s) { return s.uid == uid; });
        changed = true;
    }
    if (changed) CHECK(WriteSnapshots(home, vmsd));
    for (std::int64_t uid : uids) {
        CHECK(RemoveFile(ConfigFileOf(home, uid)));
        CHECK(RemoveFile(MemoryFileOf(home, uid)));
        CHECK(RemoveFile(VariablesFileOf(home, uid)));
    }
    return {};
}

std::int64_t UsedBytes(const std::string& file) {
    struct stat s {};
    return stat(file.c_str(), &s) ? 0 : static_cast<std::int64_t>(s.st_blocks) * 512;
}

// The layers that only those snapshots showed and on which nothing else hangs: asked before
// they are forgotten, since afterwards nothing leads to them.
base::Result<std::string> LayersOf(const Home& home, const Config& config, const std::vector<std::int64_t>& uids) {
    TRY(vmsd, ReadSnapshots(home));
    Layers layers = ReadLayers(home, config, vmsd);
    layers.graph.shown.clear();
    for (const codec::VmsdSnapshot& s : vmsd.snapshots)
        if (std::find(uids.begin(), uids.end(), s.uid) == uids.end())
            for (const codec::VmsdDisk& disk : s.disks) layers.graph.shown.insert(ShownFile(home, disk));
    std::string out;
    for (const std::string& layer : DeadEnds(layers.graph))
        if (layers.links.at(layer).text.HasParent()) out += layer + "\n";
    return out;
}

}  // namespace

vim::Result<std::shared_ptr<const Vm>> Snapshots::WithFiles(const vim::Ref& ref) const {
    TRY(vm, c_.Usable(ref));
    if (!c_.records.at(ref.id).file.empty()) return vm;
    return vim::Fault(vim::NotSupported(),
                      vm->name + " is an imagined virtual machine without files, so there are no snapshots of it");
}

vim::Result<vim::Ref> Snapshots::VmOf(const vim::Ref& snapshot) const {
    auto now = c_.inventory.Now();
    if (auto* object = now->Get<vim::VirtualMachineSnapshot>(snapshot)) return object->vm;
    return vim::Fault(vim::ManagedObjectNotFound(snapshot), "there is no snapshot " + snapshot.id);
}

rt::Co<vim::Result<>> Snapshots::Rename(vim::call::RenameSnapshot call, std::string user) {
    CO_TRY(ref, VmOf(call.self));
    CO_TRY(vm, WithFiles(ref));
    if (call.name) CO_CHECK(CheckNameOf("a snapshot", *call.name, ref));
    if (c_.tasks.Busy(ref)) {
        vim::TaskInProgress fault;
        if (!vm->recent_task.empty()) fault.task = vm->recent_task.back();
        co_return vim::Fault(std::move(fault), base::Cat("a task on ", vm->name, " runs; wait for its end"));
    }
    Home home = c_.HomeOf(*c_.Find(ref));
    auto rename = [home, uid = SnapshotUid(ref, call.self), name = call.name,
                   description = call.description]() -> base::Result<> {
        TRY(vmsd, ReadSnapshots(home));
        for (codec::VmsdSnapshot& s : vmsd.snapshots) {
            if (s.uid != uid) continue;
            if (name) s.name = *name;
            if (description) s.description = *description;
            return WriteSnapshots(home, vmsd);
        }
        return base::Error{base::Code::kNotFound, "the snapshot is gone"};
    };
    auto renamed = co_await c_.pool.Run(std::move(rename));
    if (!renamed) co_return FileFault(std::move(renamed).error(), home.vmx);
    (void)co_await c_.Refresh(ref);
    co_await c_.Note(ref, base::Cat("snapshot ", SnapshotUid(ref, call.self), " renamed by ", user));
    co_return vim::Result<>{};
}

rt::Co<vim::Result<vim::Ref>> Snapshots::StartRemove(const vim::Method* method, vim::Ref ref,
                                                     std::vector<std::int64_t> uids, bool consolidate,
                                                     std::string user) {
    Removing removing{std::move(uids), consolidate, c_.Get(ref)->runtime->power_state == PowerState::kSuspended};
    task::Work work = [this, ref, removing, user](task::Progress& p) {
        return RunRemove(ref, removing.uids, removing.consolidate, user, p);
    };
    co_return co_await c_.StartTask(*method, ref, user, std::move(work), removing.Text());
}

rt::Co<vim::Result<vim::Ref>> Snapshots::Remove(vim::call::RemoveSnapshot call, std::string user) {
    CO_TRY(ref, VmOf(call.self));
    CO_TRY(vm, WithFiles(ref));
    auto read = [home = c_.HomeOf(*c_.Find(ref))] { return ReadSnapshots(home); };
    auto vmsd = co_await c_.pool.Run(std::move(read));
    if (!vmsd) co_return FileFault(std::move(vmsd).error(), c_.Find(ref)->vmx);
    auto uids = Below(*vmsd, SnapshotUid(ref, call.self), call.remove_children);
    co_return co_await StartRemove(&vim::call::RemoveSnapshot::kMethod, ref, std::move(uids),
                                   call.consolidate.value_or(true), std::move(user));
}

rt::Co<vim::Result<vim::Ref>> Snapshots::RemoveAll(vim::call::RemoveAllSnapshots call, std::string user) {
    CO_TRY(vm, WithFiles(call.self));
    auto read = [home = c_.HomeOf(*c_.Find(call.self))] { return ReadSnapshots(home); };
    auto vmsd = co_await c_.pool.Run(std::move(read));
    if (!vmsd) co_return FileFault(std::move(vmsd).error(), c_.Find(call.self)->vmx);
    std::vector<std::int64_t> uids;
    for (const codec::VmsdSnapshot& s : vmsd->snapshots) uids.push_back(s.uid);
    co_return co_await StartRemove(&vim::call::RemoveAllSnapshots::kMethod, call.self, std::move(uids),
                                   call.consolidate.value_or(true), std::move(user));
}

rt::Co<vim::Result<vim::Ref>> Snapshots::Consolidate(vim::call::ConsolidateVMDisks call, std::string user) {
    CO_TRY(vm, WithFiles(call.self));
    co_return co_await StartRemove(&vim::call::ConsolidateVMDisks::kMethod, call.self, {}, true, std::move(user));
}

rt::Co<vim::Result<>> Snapshots::MergeAll(vim::Ref ref, task::Progress& progress) {
    LayerMerges merges(c_, ref, c_.HomeOf(*c_.Find(ref)), progress);
    bool stopped = c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped;
    if (stopped) co_await tracking_.Unseal(ref);         // the content stays, in other layers
    auto merged = co_await merges.Run();
    if (auto vm = c_.Get(ref); vm && vm->runtime->power_state == PowerState::kSuspended) co_await StaySuspended(ref);
    (void)co_await c_.Refresh(ref);
    if (stopped) co_await tracking_.Seal(ref);
    co_return merged;
}

// Its layers were written, but not by the guest: what it was when it was suspended still fits.
rt::Co<void> Snapshots::StaySuspended(vim::Ref ref) {
    auto age = [home = c_.HomeOf(*c_.Find(ref))] { return AgeLayers(home); };
    if (auto aged = co_await c_.pool.Run(std::move(age)); aged) power_.SetStateOf(ref, PowerState::kSuspended);
    else base::LogError("vm " + ref.id, "it may not be able to go on from its state: " + aged.error().message);
    (void)co_await c_.Refresh(ref);
}

Snapshots::Done Snapshots::RunRemove(vim::Ref ref, std::vector<std::int64_t> uids, bool consolidate, std::string user,
                                     task::Progress& progress) {
    auto vm = c_.Get(ref);
    Home home = c_.HomeOf(*c_.Find(ref));
    auto look = [home, config = *vm->config, uids] { return LayersOf(home, config, uids); };
    auto dead = co_await c_.pool.Run(std::move(look));
    if (!dead) co_return FileFault(std::move(dead).error().While("snapshots of " + vm->name), home.vmx);
    CO_CHECK(co_await progress.Step("forgetting", *dead));
    auto forget = [home, config = *vm->config, uids, dead = *dead]() -> base::Result<> {
        CHECK(Forget(home, uids));
        return RemoveMerged(home, config, dead);
    };
    auto forgotten = co_await c_.pool.Run(std::move(forget));
    (void)co_await c_.Refresh(ref);
    if (!forgotten) co_return FileFault(std::move(forgotten).error().While("snapshots of " + vm->name), home.vmx);
    if (consolidate) {
        auto merged = co_await MergeAll(ref, progress);
        (void)co_await c_.Refresh(ref);
        if (!merged) {
            co_await c_.Note(ref, "disks need consolidation: " + merged.error().message());
            co_return std::move(merged).error().While("consolidate the disks of " + vm->name);
        }
    }
    co_await c_.Note(ref, uids.empty() ? base::Cat("disks consolidated by ", user)
                                       : base::Cat(uids.size(), " snapshots removed by ", user));
    co_return vim::Any();
}

// Forgetting is done again, merging goes on or joins what QEMU still does.
Snapshots::Done Snapshots::ResumeRemove(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    Record* record = c_.Find(ref);
    auto vm = c_.Get(ref);
    if (!record || record->file.empty() || !vm || !vm->config)
        co_return vim::Fault(vim::SystemError(), "the host agent was restarted, and the virtual machine is gone");
    Removing removing = Removing::Parse(what.begun);
    if (removing.suspended) co_await StaySuspended(ref);
    co_return co_await RemoveAgain(ref, removing.uids, removing.consolidate, what.step_state, what.user, progress);
}

Snapshots::Done Snapshots::RemoveAgain(vim::Ref ref, std::vector<std::int64_t> uids, bool consolidate, std::string gone,
                                       std::string user, task::Progress& progress) {
    auto result = co_await RunRemove(ref, std::move(uids), consolidate, std::move(user), progress);
    auto now = c_.Get(ref);
    auto clear = [home = c_.HomeOf(*c_.Find(ref)), config = *now->config, gone] {
        return RemoveMerged(home, config, gone);
    };
    if (auto cleared = co_await c_.pool.Run(std::move(clear)); !cleared)
        base::LogWarning("vm " + ref.id, cleared.error().message);
    // A guest that was held when hostd died.
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) (void)co_await c_.hypervisor.Release(ref.id);
    (void)co_await c_.Refresh(ref);
    co_return result;
}

// What the merging may need while it is under way: the sizes of the layers that are merged.
rt::Co<vim::Result<vim::Ref>> Snapshots::Estimate(vim::call::EstimateStorageForConsolidateSnapshots call,
                                                  std::string user) {
    CO_TRY(vm, WithFiles(call.self));
    task::Work work = [this, ref = call.self](task::Progress&) -> Done {
        auto now = c_.Get(ref);
        Home home = c_.HomeOf(*c_.Find(ref));
        auto sum = [home, config = *now->config]() -> base::Result<std::map<std::string, std::int64_t>> {
            TRY(vmsd, ReadSnapshots(home));
            Layers layers = ReadLayers(home, config, vmsd);
            std::map<std::string, std::int64_t> out;     // kilobytes by the folder of a datastore
            for (const MergePlan& plan : PlanMerges(layers.graph)) {
                std::vector<std::string> merged = plan.between;
                merged.push_back(plan.from);
                for (const std::string& layer : merged)
                    out[layers.volume.at(layer)] += UsedBytes(layers.links.at(layer).data) / 1024;
            }
            return out;
        };
        auto found = co_await c_.pool.Run(std::move(sum));
        if (!found) co_return FileFault(std::move(found).error(), home.vmx);
        vim::AnyArray out{&vim::StorageRequirement::kType, {}};
        for (const Volume& volume : home.volumes) {
            auto needs = found->find(volume.folder);
            if (needs == found->end() && volume.name != home.vmx.datastore) continue;
            vim::StorageRequirement one;
            one.datastore = volume.datastore;
            one.free_space_required_in_kb = needs == found->end() ? 0 : needs->second;
            out.values.emplace_back(vim::Ptr<vim::StorageRequirement>(std::move(one)));
        }
        co_return vim::Any(std::move(out));
    };
    co_return co_await c_.StartTask(vim::call::EstimateStorageForConsolidateSnapshots::kMethod, call.self,
                                    std::move(user), std::move(work), "{}", false);
}

void Snapshots::RegisterResumers() {
    using Resume = Done (Snapshots::*)(task::Unfinished, task::Progress&);
    auto on = [this](const vim::Method& method, Resume resume) {
        c_.tasks.OnResume(std::string(method.task_id), [this, resume](task::Unfinished what, task::Progress& p) {
            return (this->*resume)(std::move(what), p);
        });
    };
    on(vim::call::CreateSnapshot::kMethod, &Snapshots::ResumeCreate);
    on(vim::call::CreateSnapshotEx::kMethod, &Snapshots::ResumeCreate);
    on(vim::call::RevertToSnapshot::kMethod, &Snapshots::ResumeRevert);
    on(vim::call::RevertToCurrentSnapshot::kMethod, &Snapshots::ResumeRevert);
    on(vim::call::RemoveSnapshot::kMethod, &Snapshots::ResumeRemove);
    on(vim::call::RemoveAllSnapshots::kMethod, &Snapshots::ResumeRemove);
    on(vim::call::ConsolidateVMDisks::kMethod, &Snapshots::ResumeRemove);
}

}  // namespace vm
