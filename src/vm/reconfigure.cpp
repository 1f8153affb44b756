#include "vm/reconfigure.h"

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/placement.h"
#include "rt/files.h"
#include "vm/backend_spec.h"
#include "vm/disk_files.h"
#include "vm/disk_making.h"
#include "vm/foreign_disks.h"
#include "vm/image_file.h"
#include "vm/in_use.h"
#include "vm/live_hardware.h"
#include "vm/pools.h"
#include "vm/tracking.h"

namespace vm {

vim::Result<Change> Reconfigure::Plan(const vim::Ref& ref, const Spec& spec) {
    TRY(vm, c_.Usable(ref));
    Record* record = c_.Find(ref);
    if (spec.name && *spec.name != vm->name)
        if (vim::Ref other = c_.ByName(*spec.name, ref)) {
            vim::DuplicateName fault;
            fault.name = *spec.name;
            fault.object = other;
            return vim::Fault(std::move(fault), base::Cat("there is a virtual machine \"", *spec.name, "\" already"));
        }
    Situation s = c_.SituationOf(*vm, *record);
    TRY(change, Apply(spec, *vm->config, s));
    (void)Complement(change.config, s.mac_taken);
    return change;
}

rt::Co<vim::Result<vim::Ref>> Reconfigure::StartChange(const vim::Method* method, vim::Ref ref, Spec spec,
                                                       std::string user) {
    if (auto planned = Plan(ref, spec); !planned) co_return std::move(planned).error();      // refusals at once
    auto shared = std::make_shared<const Spec>(std::move(spec));
    Intent intent;
    intent.id = ref.id;
    task::Work work = [this, ref, shared, user](task::Progress& p) { return Run(ref, shared, user, p); };
    co_return co_await c_.StartTask(*method, ref, user, std::move(work), intent.Text());
}

rt::Co<vim::Result<vim::Ref>> Reconfigure::Reconfig(vim::call::ReconfigVM call, std::string user,
                                                    const Permit& permit) {
    CO_TRY(vm, c_.Usable(call.self));
    if (!call.spec) co_return vim::Fault(vim::InvalidArgument("spec"), "the change is missing");
    CO_CHECK(CheckChange(*call.spec, call.self, *vm->config, c_.volumes.Now(), permit));
    co_return co_await StartChange(&vim::call::ReconfigVM::kMethod, call.self, *call.spec, std::move(user));
}

rt::Co<vim::Result<vim::Ref>> Reconfigure::Rename(vim::call::Rename call, std::string user, const Permit& permit) {
    CO_CHECK(permit.Check(call.self, "VirtualMachine.Config.Rename"));
    Spec spec;
    spec.name = call.new_name;
    co_return co_await StartChange(&vim::call::Rename::kMethod, call.self, std::move(spec), std::move(user));
}

// The device of a guest that runs and has to hear of it; else 0.
static int GrownKey(const Change& change, const FileWork::Extend& disk) {
    for (const Device& d : change.config.hardware->device) {
        auto* file = d->backing.As<vim::VirtualDeviceFileBackingInfo>();
        if (!file || file->file_name != disk.path) continue;
        for (const LiveWork::Grow& grow : change.live.grow)
            if (grow.key == d->key) return d->key;
    }
    return 0;
}

// Says in the journal what will be made and removed, then makes it.
rt::Co<vim::Result<>> Reconfigure::Prepare(const Change& change, const Home& home, Intent& intent,
                                           task::Progress& progress) {
    const vim::Ref self{&Vm::kType, intent.id};
    CO_CHECK(CheckNobodyElses(*c_.inventory.Now(), self, change.files.remove));
    std::vector<std::string> grown;
    for (const FileWork::Extend& disk : change.files.extend) grown.push_back(disk.path);
    CO_CHECK(CheckNobodyElses(*c_.inventory.Now(), self, grown, Others::kActive));
    auto text = [home, config = change.config] { return VmxText(home, config); };
    auto planned = co_await c_.pool.Run(std::move(text));
    if (!planned) co_return FileFault(std::move(planned).error(), home.vmx);
    intent.text_sum = SumOf(*planned);
    intent.vmx = home.vmx.Text();
    intent.removes = change.files.remove;
    for (const FileWork::Extend& disk : change.files.extend)
        intent.grows.push_back({disk.path, disk.capacity_kb, GrownKey(change, disk)});
    for (const FileWork::Make& disk : change.files.make) {
        CO_CHECK(CheckNew(disk.path, home.volumes));
        intent.makes.push_back(disk.path);
    }
    CO_CHECK(co_await progress.Step("prepared", intent.Text()));
    intent.makes.clear();                                // from here on: what was made
    for (const std::string& path : change.files.attach) {
        auto located = Locate(home.volumes, path);
        if (!located) co_return std::move(located).error();
        CO_CHECK(co_await MakeDiskOurs(c_, located->path, progress));
        auto look = [l = *located]() -> base::Result<> {
            if (l.path.path.ends_with(".vmdk")) {
                CHECK(InspectDisk(l.volume.folder, l.Absolute()));
                return {};
            }
            return CheckImage(l);
        };
        if (auto there = co_await c_.pool.Run(std::move(look)); !there)
            co_return FileFault(std::move(there).error(), located->path);
    }
    for (const FileWork::Make& disk : change.files.make) {
        auto located = Locate(home.volumes, disk.path);
        NewDisk make{located->Absolute(), disk.capacity_kb, disk.thin, disk.adapter};
        if (auto made = co_await MakeDiskFiles(c_.pool, make, disk.eager, progress); !made)
            co_return FileFault(std::move(made).error(), located->path);
        intent.makes.push_back(disk.path);
    }
    for (const FileWork::Extend& disk : change.files.extend) {
        auto located = Locate(home.volumes, disk.path);
        if (!located) co_return std::move(located).error();
        auto grown = co_await GrowDiskFiles(c_.pool, located->volume.folder, located->Absolute(), disk.capacity_kb);
        if (!grown) co_return FileFault(std::move(grown).error(), located->path);
    }
    CO_CHECK(co_await progress.Step("disks", intent.Text()));
    co_return vim::Result<>{};
}

// Media are changed and new hardware is plugged after the .vmx says so, and before files go
// that cannot come back: a failure leaves the old configuration and the old hardware.
rt::Co<vim::Result<>> Reconfigure::Attach(vim::Ref ref, const Change& change, std::shared_ptr<const Vm> before,
                                          Home home, Intent intent) {
    LiveHardware hardware(c_, ref, home);
    auto in = co_await hardware.ChangeMedia(change.live.media);
    if (in) in = co_await hardware.Plug(change.live.plug, change.config);
    if (in && change.live.grows) in = co_await hardware.Grow(change.config);
    if (in) co_return in;
    co_await hardware.PutMediaBack(change.live.media, *before->config);
    if (home.file.empty()) co_return in;
    auto undo = [home, intent, config = *before->config]() -> base::Result<> {
        CHECK(SaveConfig(home, config));
        return RemoveFiles(intent.makes, home.volumes);
    };
    if (auto undone = co_await c_.pool.Run(std::move(undo)); !undone)
        base::LogError("vm " + ref.id, "a change that failed is not undone: " + undone.error().message);
    (void)co_await hardware.Plug(change.live.unplug, *before->config);
    (void)co_await c_.Refresh(ref);
    co_return in;
}

rt::Co<vim::Result<>> Reconfigure::Keep(vim::Ref ref, Change change, std::shared_ptr<const Vm> before, Home home,
                                        task::Progress& progress) {
    Intent intent;
    intent.id = ref.id;
    intent.plugs = change.live.plug;
    intent.unplugs = change.live.unplug;
    auto prepared = co_await Prepare(change, home, intent, progress);
    base::Result<> saved;
    if (prepared) {
        auto save = [home, config = change.config] { return SaveConfig(home, config); };
        saved = co_await c_.pool.Run(std::move(save));
        if (!saved) prepared = FileFault(std::move(saved).error(), home.vmx);
    }
    if (!prepared) {
        auto undo = [intent, volumes = home.volumes] { return RemoveFiles(intent.makes, volumes); };
        (void)co_await c_.pool.Run(std::move(undo));
        co_return prepared;
    }
    CO_CHECK(co_await progress.Step("kept", intent.Text()));
    auto attached = co_await Attach(ref, change, before, home, intent);
    if (!attached) co_return attached;
    auto finish = [intent, home]() -> base::Result<Loaded> {
        if (auto removed = RemoveFiles(intent.removes, home.volumes); !removed)
            base::LogWarning("vm", removed.error().message);
        return LoadFolder(home);
    };
    auto loaded = co_await c_.pool.Run(std::move(finish));
    if (!loaded) co_return FileFault(std::move(loaded).error(), home.vmx);
    c_.Publish(ref, *loaded);
    co_return vim::Result<>{};
}

void Reconfigure::PublishImagined(const vim::Ref& ref, Config config) {
    config.modified = c_.timer.Now();
    config.change_version = base::FormatTime(config.modified);
    Loaded loaded{.config = std::move(config),
                  .files = {},
                  .provisioned = 0,
                  .suspended = false,
                  .state_file = {},
                  .troubles = {}};
    c_.Publish(ref, loaded);
}

rt::Co<vim::Result<>> Reconfigure::ApplyLive(vim::Ref ref, LiveWork live) {
    for (const LiveWork::Grow& disk : live.grow) {
        auto grown = co_await c_.hypervisor.ResizeDisk(ref.id, disk.key, disk.bytes);
        if (!grown) co_return BackendFault(std::move(grown).error().While("tell the guest of its larger disk"));
    }
    for (const LiveWork::Link& link : live.links) {
        auto changed = co_await c_.hypervisor.SetLink(ref.id, link.key, link.connected);
        if (!changed) co_return BackendFault(std::move(changed).error().While("set the link of the network adapter"));
    }
    // The file says what is connected at the next start; now it is as was asked.
    c_.Change(ref, [&](Vm& vm) {
        auto connect = [&](int key, bool connected) {
            for (Device& d : vm.config.Mut().hardware.Mut().device)
                if (d->key == key && d->connectable) d.Mut().connectable.Mut().connected = connected;
        };
        for (const LiveWork::Medium& medium : live.media) connect(medium.key, !medium.path.empty());
        for (const LiveWork::Link& link : live.links) connect(link.key, link.connected);
    });
    co_return vim::Result<>{};
}

void Reconfigure::Tell(const vim::Ref& ref, const Config& before, const Spec& spec, const std::string& user,
                       int chain) {
    auto vm = c_.Get(ref);
    if (!vm) return;
    if (vm->name != before.name) {
        vim::VmRenamedEvent event;
        event.old_name = before.name;
        event.new_name = vm->name;
        c_.Post(std::move(event), ref, user, chain);
    }
    if (vm->config->uuid != before.uuid) {
        vim::VmUuidChangedEvent event;
        event.old_uuid = before.uuid;
        event.new_uuid = vm->config->uuid;
        c_.Post(std::move(event), ref, user, chain);
    }
    if (vm->config->version != before.version) {
        vim::VmUpgradeCompleteEvent event;
        event.version = vm->config->version;
        c_.Post(std::move(event), ref, user, chain);
    }
    vim::VmReconfiguredEvent event;
    event.config_spec = spec;
    c_.Post(std::move(event), ref, user, chain);
}

Reconfigure::Done Reconfigure::Run(vim::Ref ref, std::shared_ptr<const Spec> spec, std::string user,
                                   task::Progress& progress) {
    auto before = c_.Get(ref);
    auto planned = Plan(ref, *spec);                     // again: the world may have moved
    if (!planned) co_return std::move(planned).error();
    if (auto fits = c_.pools->CheckChange(ref, planned->config); !fits) co_return std::move(fits).error();
    Record* record = c_.Find(ref);
    Home home = c_.HomeOf(*record);
    LiveWork live = planned->live;
    Config config = planned->config;
    LiveHardware hardware(c_, ref, home);
    if (!live.unplug.empty()) {
        Intent intent;
        intent.id = ref.id;
        intent.unplugs = live.unplug;
        CO_CHECK(co_await progress.Step("unplugging", intent.Text()));
    }
    auto gone = co_await hardware.Unplug(live.unplug, *before->config);
    if (!gone) co_return std::move(gone).error().While("reconfigure " + before->name);
    if (home.file.empty()) {
        auto attached = co_await Attach(ref, *planned, before, home, {});
        if (!attached) co_return std::move(attached).error();
        PublishImagined(ref, std::move(planned->config));
    } else {
        auto kept = co_await Keep(ref, *std::move(planned), before, home, progress);
        if (!kept) co_return std::move(kept).error().While("reconfigure " + before->name);
    }
    auto tuned = co_await hardware.Tune(live, config);
    if (!tuned) co_return std::move(tuned).error();
    auto applied = co_await ApplyLive(ref, std::move(live));
    if (!applied) co_return std::move(applied).error();
    bool shares = spec->cpu_allocation || spec->memory_allocation || !spec->device_change.empty() ||
                  config.memory_allocation->reservation != before->config->memory_allocation->reservation;
    if (shares) co_await c_.pools->Apply(ref);
    if (!home.file.empty()) {
        co_await tracking_.Obey(ref);
        if (spec->change_tracking_enabled) (void)co_await c_.Refresh(ref);
    }
    Tell(ref, *before->config, *spec, user, progress.chain_id());
    co_await c_.Note(ref, base::Cat("reconfigured by ", user));
    co_return vim::Any();
}

// --- reading again

rt::Co<vim::Result<>> Reconfigure::Reload(vim::call::Reload call) {
    Record* record = c_.Find(call.self);
    auto vm = c_.Get(call.self);
    if (!record || !vm)
        co_return vim::Fault(vim::ManagedObjectNotFound(call.self), "there is no virtual machine " + call.self.id);
    auto read = co_await c_.Refresh(call.self);
    if (!read) co_return FileFault(std::move(read).error(), record->vmx);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Reconfigure::RefreshStorage(vim::call::RefreshStorageInfo call) {
    CO_TRY(vm, c_.Usable(call.self));
    auto read = co_await c_.Refresh(call.self);
    if (!read) co_return FileFault(std::move(read).error(), c_.Find(call.self)->vmx);
    co_return vim::Result<>{};
}

rt::Co<void> Reconfigure::DiskChanged(DatastorePath disk) {
    std::vector<vim::Ref> having;
    std::string name = disk.Text();
    for (const auto& [id, record] : c_.records) {
        auto vm = record.file.empty() ? nullptr : c_.Get(record.ref);
        if (!vm || !vm->config) continue;
        for (const Device& d : vm->config->hardware->device) {
            auto* file = d->backing.As<vim::VirtualDeviceFileBackingInfo>();
            if (file && file->file_name == name) having.push_back(record.ref);
        }
    }
    for (const vim::Ref& ref : having) (void)co_await c_.Refresh(ref);
}

// --- after a restart

void Reconfigure::RegisterResumers() {
    for (const vim::Method* method :
         {&vim::call::ReconfigVM::kMethod, &vim::call::Rename::kMethod, &vim::call::UpgradeVM::kMethod})
        c_.tasks.OnResume(std::string(method->task_id),
                          [this](task::Unfinished what, task::Progress& p) { return Resume(std::move(what), p); });
}

// The guest may lack what its configuration has now: it was to be plugged, or was unplugged
// for a change that was not kept.
rt::Co<void> Reconfigure::SettleHardware(vim::Ref ref, std::vector<int> keys) {
    auto vm = c_.Get(ref);
    Record* record = c_.Find(ref);
    if (!vm || !vm->config || !record || c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped) co_return;
    LiveHardware hardware(c_, ref, c_.HomeOf(*record));
    auto in = co_await hardware.Plug(std::move(keys), *vm->config);
    if (in) in = co_await hardware.Grow(*vm->config);
    if (!in) base::LogError("vm " + ref.id, "its hardware is not as its configuration: " + in.error().message());
}

// A larger disk changes no line of the .vmx: it is made so, again if need be.
rt::Co<vim::Result<>> Reconfigure::FinishGrowth(vim::Ref ref, Intent intent, DatastorePath vmx) {
    for (const Intent::Grow& disk : intent.grows) {
        auto located = Locate(c_.volumes.Now(), disk.path);
        if (!located) co_return std::move(located).error();
        auto grown = co_await GrowDiskFiles(c_.pool, located->volume.folder, located->Absolute(), disk.capacity_kb);
        if (grown && disk.key && c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped)
            grown = co_await c_.hypervisor.ResizeDisk(ref.id, disk.key, disk.capacity_kb * 1024);
        if (!grown) co_return FileFault(std::move(grown).error(), vmx);
    }
    co_return vim::Result<>{};
}

// The .vmx tells whether the change was kept: then the rest of it is done, else what was
// made for it goes.
Reconfigure::Done Reconfigure::Resume(task::Unfinished what, task::Progress&) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    Record* record = c_.Find(ref);
    vim::Fault undone =
        Interrupted("the host agent was restarted during the change; the virtual machine is as it was before");
    if (what.step.empty() || !record || record->file.empty()) co_return undone;
    Intent intent = Intent::Parse(what.step_state);
    DatastorePath vmx = record->vmx;
    auto settle = [intent, home = c_.HomeOf(*record)] {
        auto text = rt::ReadFile(home.file, kMaxVmxBytes);
        bool kept = text && SumOf(*text) == intent.text_sum;
        auto cleared = RemoveFiles(kept ? intent.removes : intent.makes, home.volumes);
        if (!cleared) base::LogWarning("vm", cleared.error().message);
        return kept;
    };
    bool kept = co_await c_.pool.Run(std::move(settle));
    vim::Result<> grown;
    if (kept) grown = co_await FinishGrowth(ref, intent, vmx);
    (void)co_await c_.Refresh(ref);
    co_await SettleHardware(ref, kept ? intent.plugs : intent.unplugs);
    if (!grown) co_return std::move(grown).error();
    if (!kept) co_return undone;
    co_return vim::Any();
}

}  // namespace vm
