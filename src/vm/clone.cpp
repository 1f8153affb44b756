#include "vm/clone.h"

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "vm/disk_chain.h"
#include "vm/move_plan.h"
#include "vm/part_progress.h"
#include "vm/pools.h"
#include "vm/snapshot_nodes.h"
#include "vm/step_text.h"

namespace vm {
namespace {

namespace json = boost::json;

vim::Fault NotHere(std::string words) { return vim::Fault(vim::NotSupported(), std::move(words)); }

vim::Fault Wrong(std::string_view property, std::string words) {
    return vim::Fault(vim::InvalidArgument(std::string(property)), std::move(words));
}

template <class E> void FillTarget(E& event, const std::string& name) {
    event.dest_folder.Mut().folder = host::VmFolderRef();
    event.dest_name = name;
    event.dest_host.Mut().host = host::HostRef();
}

std::optional<bool> ThinOf(const vim::VirtualMachineRelocateSpecDiskLocator& disk) {
    auto* backing = disk.disk_backing_info.As<vim::VirtualDiskFlatVer2BackingInfo>();
    return backing ? backing->thin_provisioned : std::nullopt;
}

}  // namespace

std::string Clone::Cloning::Text() const {
    json::object o{{"intent", making.intent.Text()}, {"on", power_on}};
    if (!passing.taking.empty())
        o["passing"] = json::object{{"taking", passing.taking}, {"step", passing.step}, {"state", passing.state}};
    if (customized.kind == CustomizationState::kPending)
        o["customized"] = json::object{{"instance", customized.instance}, {"name", customized.host_name}};
    return json::serialize(o);
}

Clone::Cloning Clone::Cloning::Parse(const std::string& text) {
    json::object o = ParseStep(text);
    Cloning out;
    out.making.intent = Intent::Parse(Word(o, "intent"));
    out.power_on = Flag(o, "on");
    const json::value* passing = o.if_contains("passing");
    if (const json::object* p = passing ? passing->if_object() : nullptr)
        out.passing = {Word(*p, "taking"), Word(*p, "step"), Word(*p, "state")};
    const json::value* customized = o.if_contains("customized");
    if (const json::object* c = customized ? customized->if_object() : nullptr)
        out.customized = {CustomizationState::kPending, Word(*c, "instance"), Word(*c, "name")};
    return out;
}

std::vector<std::string> Clone::Cloning::Holds() const {
    return {"name " + wish.name, making.intent.vmx, "folder " + wish.vmx.Folder().path};
}

// --- what is asked

vim::Result<> Clone::CheckServed(const vim::call::CloneVM& call, const Vm& vm) const {
    const auto& spec = *call.spec;
    if (spec.template_) return NotHere("a host without a central server has no templates");
    if (spec.memory.value_or(false)) return NotHere("a clone begins powered off: the memory is not cloned");
    if (c_.records.at(call.self.id).file.empty())
        return NotHere(vm.name + " is an imagined virtual machine without files, so there is nothing to clone");
    if (!spec.location) return Wrong("spec.location", "the location is missing");
    const auto& location = *spec.location;
    if (location.service) return NotHere("cloning to another server is not served by a host");
    if (location.folder && !(location.folder == call.folder)) return NotHere("there is no other folder here");
    return {};
}

vim::Result<> Clone::ReadLocation(const vim::VirtualMachineRelocateSpec& location, Cloning& cloning) const {
    CloneWish& wish = cloning.wish;
    wish.datastore = location.datastore;
    if (location.transform) wish.thin = *location.transform == vim::VirtualMachineRelocateTransformation::kSparse;
    std::set<std::string> ways{location.disk_move_type.value_or("")};
    for (const auto& disk : location.disk) {
        wish.disks[disk->disk_id] = {disk->datastore, ThinOf(*disk)};
        if (disk->disk_move_type) ways.insert(*disk->disk_move_type);
    }
    for (const std::string& way : ways) {
        if (way == "createNewChildDiskBacking") wish.linked = true;
        else if (way == "moveChildMostDiskBacking")
            return NotHere(
                "a layer of a disk is not cloned without those beneath it; use createNewChildDiskBacking with "
                "a snapshot for a linked clone");
        else if (!way.empty() && !way.starts_with("moveAllDiskBackingsAnd"))
            return Wrong("spec.location.diskMoveType", base::Cat("\"", way, "\" is no way to clone disks"));
    }
    if (wish.linked && !wish.snapshot)
        return Wrong("spec.snapshot", "a linked clone needs a snapshot of its source, on which its disks build");
    return {};
}

vim::Result<Clone::Cloning> Clone::Understand(const vim::call::CloneVM& call, const Vm& vm,
                                              const Permit& permit) const {
    CHECK(CheckServed(call, vm));
    const auto& spec = *call.spec;
    const auto& location = *spec.location;
    Cloning cloning;
    cloning.source = call.self;
    cloning.power_on = spec.power_on;
    cloning.customize = spec.customization;
    cloning.wish.name = call.name;
    if (spec.snapshot) {
        cloning.wish.snapshot = SnapshotUid(call.self, spec.snapshot);
        if (!cloning.wish.snapshot || !c_.inventory.Now()->Peek(spec.snapshot))
            return Wrong("spec.snapshot", base::Cat(spec.snapshot.id, " is no snapshot of ", vm.name));
    }
    CHECK(ReadLocation(location, cloning));
    for (const auto& [key, disk] : cloning.wish.disks) {
        auto* device = FindDevice(vm.config->hardware->device, key);
        if (!device || !device->type().IsA(vim::VirtualDisk::kType))
            return Wrong("spec.location.disk.diskId", base::Cat(vm.name, " has no disk ", key));
    }
    CHECK(permit.Check(call.self, "VirtualMachine.Provisioning.Clone"));
    if (spec.customization) CHECK(permit.Check(call.self, "VirtualMachine.Provisioning.Customize"));
    CHECK(permit.Check(call.folder, "VirtualMachine.Inventory.CreateFromExisting"));
    if (spec.power_on) CHECK(permit.Check(call.folder, "VirtualMachine.Interact.PowerOn"));
    vim::Ref pool = location.pool ? location.pool : vm.resource_pool;
    CHECK(lifecycle_.CheckPlace(call.folder, pool, location.host, permit));
    CHECK(lifecycle_.CheckFreeName(call.name));
    if (spec.config) cloning.spec = *spec.config;
    for (const auto& change : location.device_change) cloning.spec.device_change.push_back(change);
    cloning.spec.name = std::nullopt;                    // it was given by itself
    cloning.spec.files = nullptr;
    cloning.spec.change_version = std::nullopt;

    Lifecycle::Making& making = cloning.making;
    VolumeList volumes = c_.volumes.Now();
    const Record& record = c_.records.at(call.self.id);
    std::string datastore = record.vmx.datastore;
    if (location.datastore) {
        TRY(volume, UsableVolume(volumes, location.datastore));
        datastore = volume->name;
    }
    Spec place;
    place.name = call.name;
    place.files.Mut().vm_path_name = base::Cat('[', datastore, ']');
    auto vmx = lifecycle_.ChooseVmx(place, volumes, making.intent.new_folder);
    if (!vmx) return std::move(vmx).error();
    std::set<vim::Ref> stores{vmx->volume.datastore};
    for (const auto& [key, disk] : cloning.wish.disks) stores.insert(disk.datastore);
    for (const vim::Ref& store : stores) CHECK(permit.Check(store, "Datastore.AllocateSpace"));
    CHECK(CheckDevices(cloning.spec, vm.config.get(), volumes, permit));
    cloning.wish.vmx = vmx->path;
    making.home = {vmx->path, vmx->Absolute(), volumes};
    making.intent.vmx = vmx->path.Text();
    making.intent.name = call.name;
    making.intent.pool = Pools::BackendPool(pool);
    return cloning;
}

rt::Co<vim::Result<vim::Ref>> Clone::Start(vim::call::CloneVM call, std::string user, const Permit& permit) {
    CO_TRY(vm, c_.Usable(call.self));
    auto understood = Understand(call, *vm, permit);
    if (!understood) co_return std::move(understood).error();
    auto cloning = std::make_shared<Cloning>(*std::move(understood));
    cloning->making.intent.id = c_.registry.NewId();
    for (const std::string& hold : cloning->Holds()) c_.reserved.insert(hold);
    task::Work work = [this, cloning, user](task::Progress& p) { return Run(cloning, user, p); };
    task::Spec spec{.entity = call.self, .method = &vim::call::CloneVM::kMethod, .user = user};
    spec.cancelable = true;
    spec.state = cloning->Text();
    auto task = co_await c_.tasks.Start(std::move(spec), std::move(work));
    if (!task)
        for (const std::string& hold : cloning->Holds()) c_.reserved.erase(hold);
    co_return task;
}

// --- the work

vim::Result<> Clone::ApplySpec(Cloning& cloning) const {
    Lifecycle::Making& making = cloning.making;
    Situation s;
    s.vmx_path = making.home.vmx;
    s.volumes = making.home.volumes;
    s.limits = c_.options.limits;
    s.mac_taken = [this](std::string_view mac) { return c_.MacTaken(mac, {}); };
    s.network_exists = [this](const vim::Ref& network) { return c_.inventory.Now()->Peek(network) != nullptr; };
    s.disk_taken = [&](const DatastorePath& disk) { return IsTaken(disk, s.volumes); };
    auto change = Apply(cloning.spec, std::move(cloning.plan.config), s);
    if (!change) return std::move(change).error();
    (void)Complement(change->config, s.mac_taken);
    cloning.plan.config = making.config = std::move(change->config);
    making.files = std::move(change->files);
    making.files.remove.clear();                         // those would be files that are not made
    DropUnused(cloning.plan);
    return {};
}

// All that can be known before anything is made.
rt::Co<vim::Result<>> Clone::Plan(Cloning& cloning) {
    Record* record = c_.Find(cloning.source);
    if (!record) co_return vim::Fault(vim::ManagedObjectNotFound(cloning.source), "the virtual machine is gone");
    Home home = c_.HomeOf(*record);
    bool writes = c_.hypervisor.StateOf(cloning.source.id) != backend::RunState::kStopped;
    auto look = [home, wish = cloning.wish]() -> vim::Result<ClonePlan> {
        auto loaded = LoadFolder(home);
        if (!loaded) return FileFault(std::move(loaded).error(), home.vmx);
        if (!loaded->troubles.empty())
            return vim::Fault(vim::InvalidState(), "it cannot be cloned: " + loaded->troubles.front());
        return PlanClone(*loaded, home, wish);
    };
    auto planned = co_await c_.pool.Run(std::move(look));
    if (!planned) co_return std::move(planned).error();
    cloning.plan = *std::move(planned);
    for (const Device& device : cloning.plan.config.hardware->device)
        if (writes && device->type().IsA(vim::VirtualDisk::kType) && IsIndependent(*device))
            co_return vim::Fault(vim::InvalidPowerState(PowerState::kPoweredOff, PowerState::kPoweredOn),
                                 base::Cat("disk ", device->key,
                                           " is independent, so it does not stand still while the virtual "
                                           "machine runs; power it off to clone it"));
    CO_CHECK(ApplySpec(cloning));
    cloning.running = writes && !cloning.wish.snapshot;
    Intent& intent = cloning.making.intent;
    intent.makes = {intent.vmx};
    if (cloning.customize) CO_CHECK(co_await PlanCustomization(cloning));
    for (const FileWork::Make& disk : cloning.making.files.make) intent.makes.push_back(disk.path);
    for (const ClonedDisk& disk : cloning.plan.disks) {
        intent.makes.insert(intent.makes.end(), disk.makes.begin(), disk.makes.end());
        intent.makes.insert(intent.makes.end(), disk.shares.begin(), disk.shares.end());
    }
    auto check = [makes = intent.makes, needs = cloning.plan.Needs(), volumes = home.volumes]() -> vim::Result<> {
        CHECK(CheckRoom(needs, volumes));
        for (const std::string& file : makes) CHECK(CheckNew(file, volumes));
        return {};
    };
    auto fits = co_await c_.pool.Run(std::move(check));
    if (!fits) co_return fits;
    for (const auto& [from, to] : cloning.plan.others) intent.makes.push_back(to);
    if (!cloning.running) co_return vim::Result<>{};
    auto source = c_.Get(cloning.source);
    std::string name = base::Cat("cloning to ", cloning.wish.name);
    CO_TRY(passing, co_await snapshots_.PlanPassing(cloning.source, name.size() > 80 ? "cloning" : name));
    cloning.passing = std::move(passing);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<vim::Ref>> Clone::Make(Cloning& cloning, std::string user, task::Progress& progress) {
    CO_CHECK(co_await progress.Step("copy", cloning.Text()));
    CO_CHECK(co_await CopyAll(cloning, user, progress));
    if (cloning.seed) CO_CHECK(co_await KeepSeed(cloning));
    auto note = [&cloning](const std::string&, const std::string&) { return cloning.Text(); };
    PartProgress rest(progress, {.from = 90, .to = 100}, note);
    CO_CHECK(co_await lifecycle_.MakeFiles(cloning.making, rest));
    if (cloning.seed) CO_CHECK(co_await TellCustomization(cloning.wish.vmx, cloning.customized));
    co_return co_await lifecycle_.Admit(cloning.making.intent);
}

Clone::Done Clone::Run(std::shared_ptr<Cloning> cloning, std::string user, task::Progress& progress) {
    const vim::Ref source = cloning->source;
    vim::VmBeingClonedEvent begins;
    FillTarget(begins, cloning->wish.name);
    c_.Post(std::move(begins), source, user, progress.chain_id());
    auto planned = co_await Plan(*cloning);
    vim::Result<vim::Ref> made = source;
    if (!planned) made = std::move(planned).error();
    else made = co_await Make(*cloning, user, progress);
    for (const std::string& hold : cloning->Holds()) c_.reserved.erase(hold);
    if (!made) {
        if (planned) co_await Undo(cloning->making.intent);
        TellFailure(source, cloning->wish.name, made.error(), user, progress.chain_id());
        co_return std::move(made).error().While("clone to " + cloning->wish.name);
    }
    co_await Finish(source, *made, cloning->power_on, user, progress.chain_id());
    co_return vim::Any(*made);
}

rt::Co<void> Clone::Finish(vim::Ref source, vim::Ref clone, bool power_on, std::string user, int chain) {
    vim::VmClonedEvent event;
    event.source_vm.Mut().vm = source;
    c_.Post(std::move(event), clone, user, chain);
    auto from = c_.Get(source);
    co_await c_.Note(clone, base::Cat("cloned from ", from ? from->name : source.id, " by ", user));
    (void)co_await c_.Refresh(source);                   // what it shares now
    if (!power_on) co_return;
    vim::call::PowerOnVM call;
    call.self = clone;
    if (auto starts = co_await power_.PowerOn(std::move(call), user); !starts)
        base::LogWarning("vm " + clone.id, "the clone was made, and is not powered on: " + starts.error().message());
}

void Clone::TellFailure(const vim::Ref& source, const std::string& name, const vim::Fault& why, const std::string& user,
                        int chain) {
    vim::VmCloneFailedEvent event;
    FillTarget(event, name);
    event.reason = AsData(why);
    c_.Post(std::move(event), source, user, chain);
}

// --- after a restart

void Clone::RegisterResumers() {
    c_.tasks.OnResume(std::string(vim::call::CloneVM::kMethod.task_id),
                      [this](task::Unfinished what, task::Progress& p) { return Resume(std::move(what), p); });
}

Clone::Done Clone::Resume(task::Unfinished what, task::Progress& progress) {
    vim::Ref source{&Vm::kType, what.entity_id};
    Cloning cloning = Cloning::Parse(what.step.empty() ? what.begun : what.step_state);
    cloning.source = source;
    co_await EndPassing(cloning, true, what.user, progress);
    Intent intent = cloning.making.intent;
    auto settled = co_await lifecycle_.Settle(intent, !what.step.empty());
    auto vmx = DatastorePath::Parse(intent.vmx);
    if (settled && vmx && cloning.customized.kind == CustomizationState::kPending) {
        auto told = co_await TellCustomization(*vmx, cloning.customized);
        (void)co_await c_.Refresh(*settled);
        if (!told) {
            cloning.power_on = false;                    // it would start as what its source is
            base::LogError("vm " + settled->id, "it will not be customized: " + told.error().message());
        }
    }
    if (settled) {
        co_await Finish(source, *settled, cloning.power_on, what.user, progress.chain_id());
        co_return vim::Any(*settled);
    }
    if (!what.step.empty()) co_await Undo(intent);
    TellFailure(source, intent.name, settled.error(), what.user, progress.chain_id());
    co_return std::move(settled).error();
}

}  // namespace vm
