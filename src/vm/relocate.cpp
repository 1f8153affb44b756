#include "vm/relocate.h"

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "rt/files.h"
#include "rt/loop.h"
#include "vm/file_copy.h"
#include "vm/in_use.h"
#include "vm/moved_files.h"
#include "vm/tracking.h"

namespace vm {

namespace {

vim::Fault NotHere(std::string words) { return vim::Fault(vim::NotSupported(), std::move(words)); }

Home HomeAt(const DatastorePath& vmx, const VolumeList& volumes) {
    auto located = Locate(volumes, vmx);
    return {vmx, located ? located->Absolute() : std::string(), volumes};
}

}  // namespace

// --- what is asked

vim::Result<MoveWish> Relocate::Understand(const vim::call::RelocateVM& call, const Vm& vm,
                                           const Permit& permit) const {
    const auto& spec = *call.spec;
    if (spec.service) return NotHere("moving to another server is not served by a host");
    if (spec.host && !(spec.host == host::HostRef())) return NotHere("there is no other host here");
    if (spec.folder && !(spec.folder == vm.parent)) return NotHere("there is no other folder here");
    if (!spec.device_change.empty()) return NotHere("devices are not changed on the way; reconfigure afterwards");
    MoveWish wish{.datastore = spec.datastore, .disks = {}, .thin = {}, .thin_disks = {}};
    if (spec.transform) wish.thin = *spec.transform == vim::VirtualMachineRelocateTransformation::kSparse;
    for (const auto& one : spec.disk) {
        auto* device = FindDevice(vm.config->hardware->device, one->disk_id);
        if (!device || !device->type().IsA(vim::VirtualDisk::kType))
            return vim::Fault(vim::InvalidArgument("spec.disk.diskId"),
                              base::Cat(vm.name, " has no disk ", one->disk_id));
        wish.disks[one->disk_id] = one->datastore;
        if (!one->disk_backing_info) continue;
        auto* form = one->disk_backing_info.As<vim::VirtualDiskFlatVer2BackingInfo>();
        if (!form) return NotHere("a disk stays of the kind that it is: flat, thin or not");
        bool eager = form->eagerly_scrub.value_or(false);
        if (form->thin_provisioned || eager) wish.thin_disks[one->disk_id] = form->thin_provisioned.value_or(false);
        if (eager && wish.thin_disks[one->disk_id])
            return vim::Fault(vim::InvalidArgument("spec.disk.diskBackingInfo"),
                              "a disk is thin, or has all its blocks at once, not both");
    }
    std::set<vim::Ref> targets;
    if (wish.datastore) targets.insert(wish.datastore);
    for (const auto& [key, datastore] : wish.disks) targets.insert(datastore);
    for (const vim::Ref& datastore : targets) CHECK(permit.Check(datastore, "Datastore.AllocateSpace"));
    if (vm.runtime->power_state == PowerState::kPoweredOn) CHECK(permit.Check(call.self, "Resource.HotMigrate"));
    return wish;
}

rt::Co<vim::Result<vim::Ref>> Relocate::Start(vim::call::RelocateVM call, std::string user, const Permit& permit) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_TRY(wish, Understand(call, *vm, permit));
    if (vm->runtime->power_state == PowerState::kSuspended)
        co_return vim::Fault(vim::InvalidPowerState(PowerState::kPoweredOff, PowerState::kSuspended),
                             vm->name + " is suspended; resume it or power it off, then move it");
    task::Work work = [this, ref = call.self, wish, user](task::Progress& p) { return Run(ref, wish, user, p); };
    task::Spec spec{.entity = call.self, .method = &vim::call::RelocateVM::kMethod, .user = user};
    spec.cancelable = true;
    co_return co_await c_.tasks.Start(std::move(spec), std::move(work));
}

// --- the work

rt::Co<vim::Result<Relocate::Moving>> Relocate::Prepare(vim::Ref ref, MoveWish wish) {
    Record* record = c_.Find(ref);
    if (!record) co_return vim::Fault(vim::ManagedObjectNotFound(ref), "the virtual machine is gone");
    Moving moving{.ref = ref, .from = c_.HomeOf(*record), .to = {}, .loaded = {}, .plan = {}, .intent = {}};
    if (moving.from.file.empty()) co_return moving;      // an imagined VM has no files
    auto look = [home = moving.from, wish]() -> vim::Result<std::pair<Loaded, MovePlan>> {
        auto loaded = LoadFolder(home);
        if (!loaded) return FileFault(std::move(loaded).error(), home.vmx);
        if (!loaded->troubles.empty())
            return vim::Fault(vim::InvalidState(), "it cannot be moved: " + loaded->troubles.front());
        TRY(plan, PlanMove(*loaded, home, wish));
        CHECK(CheckRoom(plan.needs, home.volumes));
        return std::pair(*std::move(loaded), std::move(plan));
    };
    auto planned = co_await c_.pool.Run(std::move(look));
    if (!planned) co_return std::move(planned).error();
    moving.loaded = std::move(planned->first);
    moving.plan = std::move(planned->second);
    moving.to = HomeAt(moving.plan.vmx, moving.from.volumes);
    moving.intent = {.id = ref.id, .vmx = moving.plan.vmx.Text(), .name = moving.loaded.config.name};
    moving.intent.new_folder = moving.plan.home_moves;
    for (const MovedFile& f : moving.plan.files) {
        moving.intent.makes.push_back(f.to);
        moving.intent.removes.push_back(f.from);
    }
    CO_CHECK(CheckNobodyElses(*c_.inventory.Now(), ref, moving.intent.removes));
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) CO_CHECK(co_await FindWritten(moving));
    co_return moving;
}

rt::Co<vim::Result<>> Relocate::CopyAll(Moving& moving, task::Progress& progress) {
    auto folders = [plan = moving.plan, volumes = moving.from.volumes] { return MakeFolders(plan, volumes); };
    if (auto made = co_await c_.pool.Run(std::move(folders)); !made)
        co_return FileFault(std::move(made).error(), moving.plan.vmx);
    std::int64_t total = 1, done = 0;
    for (const MovedFile& f : moving.plan.files) total += f.allocated;
    for (const MovedFile& f : moving.plan.files) {
        auto from = Locate(moving.from.volumes, f.from), to = Locate(moving.from.volumes, f.to);
        if (!from || !to) co_return from ? std::move(to).error() : std::move(from).error();
        auto percent = [&progress, done, total, size = f.allocated](int n) {
            progress.Percent(static_cast<int>((done + size * n / 100) * 95 / total));
        };
        base::Result<> copied;
        if (moving.written.contains(from->Absolute()))
            copied = co_await MakeEmpty(moving, from->Absolute(), to->Absolute());
        else copied = co_await CopyVmFile(c_, from->Absolute(), to->Absolute(), progress, std::move(percent));
        auto form = [f, path = to->Absolute()] { return GiveForm(f, path); };
        if (copied && (f.dense || f.says_thin)) copied = co_await c_.pool.Run(std::move(form));
        if (!copied && copied.error().code == base::Code::kCancelled)
            co_return vim::Fault(vim::RequestCanceled(), "cancelled by its user");
        if (!copied) co_return FileFault(std::move(copied).error(), to->path);
        done += f.allocated;
        if (progress.cancelled()) co_return vim::Fault(vim::RequestCanceled(), "cancelled by its user");
    }
    co_return vim::Result<>{};
}

// Only when nobody wrote the originals meanwhile: after all of them were copied.
rt::Co<void> Relocate::CarryTracking(const Moving& moving) {
    auto carry = [before = moving.loaded.config, after = MovedConfig(moving.loaded.config, moving.plan),
                  volumes = moving.from.volumes] {
        CarrySeals(before, after, volumes);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(carry));
}

// The text with the new names, where it will count: at the new place at once, at the old
// place only with Commit().
rt::Co<vim::Result<>> Relocate::WriteConfig(Moving& moving) {
    auto write = [home = moving.to, moves = moving.plan.home_moves,
                  config = MovedConfig(moving.loaded.config, moving.plan)]() -> base::Result<std::string> {
        TRY(text, VmxText(home, config));
        if (moves) CHECK(rt::WriteFileAtomically(home.file, text, 0600));
        return text;
    };
    auto written = co_await c_.pool.Run(std::move(write));
    if (!written) co_return FileFault(std::move(written).error(), moving.to.vmx);
    moving.intent.text_sum = SumOf(*written);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Relocate::Commit(Moving& moving) {
    if (!moving.plan.home_moves) {
        auto save = [home = moving.to, config = MovedConfig(moving.loaded.config, moving.plan)] {
            return SaveConfig(home, config);
        };
        auto saved = co_await c_.pool.Run(std::move(save));
        if (!saved) co_return FileFault(std::move(saved).error(), moving.to.vmx);
        co_return vim::Result<>{};
    }
    c_.registry.Add(moving.ref.id, moving.to.vmx.Text());
    if (auto kept = co_await c_.registry.Commit(); !kept) {
        c_.registry.Add(moving.ref.id, moving.from.vmx.Text());
        co_return vim::Fault(std::move(kept).error());
    }
    if (Record* record = c_.Find(moving.ref)) {
        record->vmx = moving.to.vmx;
        record->file = moving.to.file;
    }
    co_return vim::Result<>{};
}

// Nobody waits for the blocks.
rt::Co<void> Relocate::Remove(std::vector<std::string> files) {
    using Files = std::vector<rt::Fd>;
    auto remove = [files = std::move(files), volumes = c_.volumes.Now()] {
        return std::make_shared<Files>(RemoveEach(files, volumes));
    };
    std::shared_ptr<Files> kept = co_await c_.pool.Run(std::move(remove));
    auto let_go = [](rt::Pool& pool, std::shared_ptr<Files> files) -> rt::Co<void> {
        auto close = [files] {
            files->clear();
            return true;
        };
        (void)co_await pool.Run(std::move(close));
    };
    co_await rt::Detach(let_go(c_.pool, std::move(kept)));
}

// Nothing is removed that a guest has gone on with.
rt::Co<void> Relocate::Undo(Moving& moving) {
    if (moving.live && c_.hypervisor.StateOf(moving.ref.id) != backend::RunState::kStopped) {
        auto moves = co_await MovesOf(moving);
        if (moves) {
            auto switched = co_await c_.hypervisor.AnySwitched(moving.ref.id, *moves);
            if (!switched || *switched) co_return;
            (void)co_await c_.hypervisor.StopMirrors(moving.ref.id, *std::move(moves));
        }
    }
    co_await Remove(moving.intent.makes);
}

rt::Co<void> Relocate::ClearOld(vim::Ref ref, Intent intent) {
    co_await Remove(std::move(intent.removes));
    if (auto read = co_await c_.Refresh(ref); !read) base::LogWarning("vm " + ref.id, read.error().message);
}

Relocate::Done Relocate::Run(vim::Ref ref, MoveWish wish, std::string user, task::Progress& progress) {
    auto prepared = co_await Prepare(ref, std::move(wish));
    if (!prepared) co_return std::move(prepared).error();
    Moving moving = *std::move(prepared);
    if (moving.plan.empty()) co_return vim::Any();       // it is there already
    CO_CHECK(co_await progress.Step("copy", moving.intent.Text()));
    TellBegin(moving.intent, user, progress.chain_id());
    auto done = co_await CopyAll(moving, progress);
    if (done && moving.live) done = co_await Mirror(moving, progress);
    else if (done) co_await CarryTracking(moving);
    if (done) done = co_await WriteConfig(moving);
    if (done) {
        auto stepped = co_await progress.Step("switch", moving.intent.Text());
        if (!stepped) done = vim::Fault(std::move(stepped).error());
    }
    if (done && moving.live) done = co_await Switch(moving);
    if (done) done = co_await Commit(moving);
    if (moving.live) (void)co_await c_.hypervisor.Release(ref.id);
    if (!done) {
        co_await Undo(moving);
        TellEnd(moving.intent, &done.error(), user, progress.chain_id());
        co_return std::move(done).error().While("move " + moving.loaded.config.name);
    }
    co_await ClearOld(ref, moving.intent);
    TellEnd(moving.intent, nullptr, user, progress.chain_id());
    co_await c_.Note(ref, base::Cat("moved to ", moving.to.vmx.Text(), " by ", user));
    co_return vim::Any();
}

// --- after a restart

void Relocate::RegisterResumers() {
    c_.tasks.OnResume(std::string(vim::call::RelocateVM::kMethod.task_id),
                      [this](task::Unfinished what, task::Progress& p) { return Resume(std::move(what), p); });
}

// What Prepare() knew, from what it wrote down.
rt::Co<vim::Result<Relocate::Moving>> Relocate::Rebuild(vim::Ref ref, Intent intent) {
    Record* record = c_.Find(ref);
    if (!record) co_return vim::Fault(vim::ManagedObjectNotFound(ref), "the virtual machine is gone");
    Moving moving{.ref = ref, .from = c_.HomeOf(*record), .to = {}, .loaded = {}, .plan = {}, .intent = intent};
    auto read = [home = moving.from] { return LoadFolder(home); };
    auto loaded = co_await c_.pool.Run(std::move(read));
    if (!loaded) co_return FileFault(std::move(loaded).error(), moving.from.vmx);
    moving.loaded = *std::move(loaded);
    auto vmx = DatastorePath::Parse(intent.vmx);
    moving.plan.vmx = vmx ? *vmx : moving.from.vmx;
    moving.plan.home_moves = intent.new_folder;
    moving.to = HomeAt(moving.plan.vmx, moving.from.volumes);
    for (std::size_t i = 0; i < std::min(intent.makes.size(), intent.removes.size()); ++i)
        moving.plan.files.push_back({intent.removes[i], intent.makes[i]});
    for (const Device& device : moving.loaded.config.hardware->device)
        if (auto* backing = device->backing.As<vim::VirtualDeviceFileBackingInfo>())
            for (const MovedFile& f : moving.plan.files)
                if (f.from == backing->file_name) moving.plan.disks[device->key] = f.to;
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) CO_CHECK(co_await FindWritten(moving));
    co_return moving;
}

Relocate::Done Relocate::Undone(Moving moving) {
    co_await Undo(moving);
    co_return Interrupted("the host agent was restarted during the move; the files are where they were");
}

Relocate::Done Relocate::Resume(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    Intent intent = Intent::Parse(what.step_state);
    auto ended = co_await GoOnOrUndo(ref, intent, what.step);
    if (!intent.id.empty()) TellEnd(intent, ended ? nullptr : &ended.error(), what.user, progress.chain_id());
    co_return ended;
}

// Where the VM is now tells which of the two sets of files is the old one.
Relocate::Done Relocate::GoOnOrUndo(vim::Ref ref, Intent intent, std::string step) {
    Record* record = c_.Find(ref);
    bool moved = false;
    if (record && step == "switch") {
        auto sum = [file = record->file] {
            auto text = rt::ReadFile(file, kMaxVmxBytes);
            return text ? SumOf(*text) : std::string();
        };
        moved = record->vmx.Text() == intent.vmx && co_await c_.pool.Run(std::move(sum)) == intent.text_sum;
    }
    if (moved) {
        (void)co_await c_.hypervisor.Release(ref.id);    // if it was still held
        co_await ClearOld(ref, std::move(intent));
        co_return vim::Any();
    }
    auto rebuilt = co_await Rebuild(ref, intent);
    if (!rebuilt) co_return std::move(rebuilt).error();
    if (step == "switch") co_return co_await GoOn(*std::move(rebuilt));
    co_return co_await Undone(*std::move(rebuilt));
}

}  // namespace vm
