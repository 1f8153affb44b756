// VMs whose folder is there already: registered, unregistered, destroyed.
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/placement.h"
#include "vm/disk_files.h"
#include "vm/foreign_disks.h"
#include "vm/identity.h"
#include "vm/in_use.h"
#include "vm/lifecycle.h"
#include "vm/pools.h"
#include "vm/snapshot_nodes.h"

namespace vm {

void Lifecycle::Place(const Home& home, const std::string& id, const Loaded& loaded, const vim::Ref& pool) {
    vim::Ref ref{&Vm::kType, id};
    c_.records[id] = {.ref = ref, .vmx = home.vmx, .file = home.file};
    Vm node = NewNode(ref, loaded, c_.options.host, c_.timer.Now());
    node.resource_pool = pool;
    node.datastore = DatastoresOf(loaded, home.volumes, home.vmx);
    node.network = NetworksOf(loaded.config);
    auto edit = c_.inventory.Begin();
    PlaceSnapshots(edit, ref, loaded);
    host::PlaceVm(edit, std::move(node));
    edit.Commit();
}

void Lifecycle::Drop(const std::string& id) {
    auto edit = c_.inventory.Begin();
    RemoveSnapshots(edit, {&Vm::kType, id});
    host::RemoveVm(edit, {&Vm::kType, id});
    edit.Commit();
    c_.records.erase(id);
    c_.pools->Release({&Vm::kType, id});
    if (c_.on_gone) c_.on_gone({&Vm::kType, id});
}

rt::Co<vim::Result<vim::Ref>> Lifecycle::Admit(Intent intent) {
    auto located = Locate(c_.volumes.Now(), intent.vmx);
    if (!located) co_return std::move(located).error();
    Home home{located->path, located->Absolute(), c_.volumes.Now()};
    auto read = [home] { return LoadFolder(home); };
    auto loaded = co_await c_.pool.Run(std::move(read));
    if (!loaded) co_return FileFault(std::move(loaded).error(), home.vmx);
    if (ExtraConfig(loaded->config, "encryption.data")) {
        vim::GenericVmConfigFault fault;
        fault.reason = base::Cat(home.vmx.Text(),
                                 " is encrypted: what the machine consists of can only be read where its "
                                 "key is. Take its encryption (or its TPM) away there, and copy it again");
        std::string words = fault.reason;
        co_return vim::Fault(std::move(fault), std::move(words));
    }
    // What a foreign file lacks, or is to be called now. One without a place has this one.
    bool placed = loaded->config.location_id.has_value();
    if (!placed) loaded->config.location_id = LocationOf(home.vmx, home.volumes);
    bool changed = Complement(loaded->config, [this](std::string_view mac) { return c_.MacTaken(mac, {}); });
    changed |= !placed;
    if (!intent.name.empty() && intent.name != loaded->config.name) loaded->config.name = intent.name, changed = true;
    if (changed) {
        auto save = [home, config = loaded->config]() -> base::Result<Loaded> {
            CHECK(SaveConfig(home, config));
            return LoadFolder(home);
        };
        loaded = co_await c_.pool.Run(std::move(save));
        if (!loaded) co_return FileFault(std::move(loaded).error(), home.vmx);
    }
    vim::Ref ref{&Vm::kType, intent.id};
    vim::Ref pool = host::RefTo<vim::ResourcePool>(intent.pool);
    if (!c_.inventory.Now()->Get<vim::ResourcePool>(pool)) pool = host::RootPoolRef();   // gone meanwhile
    c_.registry.Add(intent.id, home.vmx.Text());
    c_.registry.SetPool(intent.id, Pools::BackendPool(pool));
    if (auto kept = co_await c_.registry.Commit(); !kept) {
        c_.registry.Remove(intent.id);
        co_return vim::Fault(std::move(kept).error());
    }
    Place(home, intent.id, *loaded, pool);
    co_return ref;
}

// --- register

rt::Co<vim::Result<vim::Ref>> Lifecycle::StartRegister(AskedPath asked, std::string user, const Permit& permit) {
    CO_CHECK(CheckPlace(asked.entity, asked.pool, asked.host, permit));
    auto located = Locate(c_.volumes.Now(), asked.path);
    if (!located) co_return std::move(located).error();
    CO_CHECK(permit.Check(located->volume.datastore, "Datastore.Browse"));
    if (!located->path.path.ends_with(".vmx") && !located->path.path.ends_with(".vmtx"))
        co_return vim::Fault(vim::InvalidDatastorePath(located->volume.datastore, located->volume.name, asked.path),
                             asked.path + " is no configuration of a virtual machine: its name must end in .vmx");
    if (asked.as_template)
        co_return vim::Fault(vim::NotSupported(), "a host without a central server has no templates");
    if (asked.name) CO_CHECK(CheckFreeName(*asked.name));
    std::string path = located->path.Text();
    for (const auto& [id, record] : c_.records)
        if (record.vmx == located->path || c_.reserved.contains(path)) {
            vim::AlreadyExists fault;
            fault.name = path;
            co_return vim::Fault(std::move(fault), path + " is registered already");
        }
    Intent intent;
    intent.id = c_.registry.NewId();
    intent.vmx = path;
    intent.name = asked.name.value_or("");
    intent.pool = Pools::BackendPool(asked.pool);
    c_.reserved.insert(path);
    task::Work work = [this, intent, user](task::Progress& p) { return RunRegister(intent, user, p); };
    auto task = co_await c_.StartTask(*asked.method, asked.entity, user, std::move(work), intent.Text(), false);
    if (!task) c_.reserved.erase(path);
    co_return task;
}

rt::Co<vim::Result<vim::Ref>> Lifecycle::Register(vim::call::RegisterVM call, std::string user, const Permit& permit) {
    AskedPath asked{
        &vim::call::RegisterVM::kMethod, call.self, call.pool, call.host, call.path, call.name, call.as_template};
    return StartRegister(std::move(asked), std::move(user), permit);
}

rt::Co<vim::Result<vim::Ref>> Lifecycle::RegisterChild(vim::call::RegisterChildVM call, std::string user,
                                                       const Permit& permit) {
    AskedPath asked{&vim::call::RegisterChildVM::kMethod, call.self, call.self, call.host, call.path, call.name, false};
    return StartRegister(std::move(asked), std::move(user), permit);
}

Lifecycle::Done Lifecycle::RunRegister(Intent intent, std::string user, task::Progress& progress) {
    auto located = Locate(c_.volumes.Now(), intent.vmx);
    vim::Result<vim::Ref> admitted = vim::Ref();
    std::string name = intent.name;
    if (located && name.empty()) {                       // the file says how it is called; that must be free too
        auto read = [file = located->Absolute()] { return ReadVmx(file); };
        if (auto vmx = co_await c_.pool.Run(std::move(read))) name = vmx->Get("displayName");
    }
    if (vim::Ref other = name.empty() ? vim::Ref() : c_.ByName(name, {})) {
        vim::DuplicateName fault;
        fault.name = name;
        fault.object = other;
        admitted = vim::Fault(std::move(fault), base::Cat("there is a virtual machine \"", name,
                                                          "\" already; give this one another name"));
    } else {
        Home home = located ? Home{located->path, located->Absolute(), c_.volumes.Now()} : Home{};
        auto ours = co_await MakeDisksOurs(c_, std::move(home), progress);
        if (ours) admitted = co_await Admit(intent);
        else admitted = std::move(ours).error();
    }
    c_.reserved.erase(intent.vmx);
    if (!admitted) co_return std::move(admitted).error().While("register " + intent.vmx);
    c_.Post(vim::VmRegisteredEvent(), *admitted, user, progress.chain_id());
    co_await c_.Note(*admitted, base::Cat("registered by ", user));
    co_return vim::Any(*admitted);
}

Lifecycle::Done Lifecycle::ResumeRegister(task::Unfinished what, task::Progress& progress) {
    Intent intent = Intent::Parse(what.begun);
    c_.registry.Skip(intent.id);
    vim::Ref ref{&Vm::kType, intent.id};
    if (c_.Find(ref)) co_return vim::Any(ref);
    co_return co_await RunRegister(std::move(intent), what.user, progress);
}

// --- unregister

rt::Co<vim::Result<>> Lifecycle::Unregister(vim::call::UnregisterVM call, std::string user) {
    auto vm = c_.Get(call.self);
    Record* record = c_.Find(call.self);
    if (!vm || !record)
        co_return vim::Fault(vim::ManagedObjectNotFound(call.self), "there is no virtual machine " + call.self.id);
    if (vm->runtime->power_state == PowerState::kPoweredOn)
        co_return vim::Fault(vim::InvalidPowerState(PowerState::kPoweredOff, vm->runtime->power_state),
                             vm->name + " is powered on; power it off first");
    if (c_.tasks.Busy(call.self)) {
        vim::TaskInProgress fault;
        if (!vm->recent_task.empty()) fault.task = vm->recent_task.back();
        co_return vim::Fault(std::move(fault), base::Cat("a task on ", vm->name, " runs; wait for its end"));
    }
    std::string path = record->vmx.Text();
    if (!record->file.empty()) {
        c_.registry.Remove(call.self.id);
        if (auto kept = co_await c_.registry.Commit(); !kept) {
            c_.registry.Add(call.self.id, path);
            co_return vim::Fault(std::move(kept).error());
        }
    }
    co_await c_.Note(call.self, "unregistered by " + user);
    c_.Post(vim::VmRemovedEvent(), call.self, user);
    Drop(call.self.id);
    co_return vim::Result<>{};
}

// --- destroy

rt::Co<vim::Result<vim::Ref>> Lifecycle::Destroy(vim::call::Destroy call, std::string user, const Permit& permit) {
    CO_CHECK(permit.Check(call.self, "VirtualMachine.Inventory.Delete"));
    auto vm = c_.Get(call.self);
    Record* record = c_.Find(call.self);
    if (!vm || !record)
        co_return vim::Fault(vim::ManagedObjectNotFound(call.self), "there is no virtual machine " + call.self.id);
    if (vm->runtime->power_state != PowerState::kPoweredOff)
        co_return vim::Fault(vim::InvalidPowerState(PowerState::kPoweredOff, vm->runtime->power_state),
                             base::Cat(vm->name, " is ", vim::Name(vm->runtime->power_state), "; power it off first"));
    Intent intent;
    intent.id = call.self.id;
    intent.name = vm->name;
    if (!record->file.empty()) intent.vmx = record->vmx.Text();
    if (vm->config && vm->layout_ex)
        for (const auto& file : vm->layout_ex->file) intent.removes.push_back(file->name);
    CO_CHECK(CheckNobodyElses(*c_.inventory.Now(), call.self, intent.removes, Others::kActive));
    task::Work work = [this, intent, user](task::Progress& p) { return RunDestroy(intent, user, p); };
    co_return co_await c_.StartTask(vim::call::Destroy::kMethod, call.self, user, std::move(work), intent.Text());
}

namespace {

// Disks first, the .vmx last: what is left of a torn removal can be registered again. `kept`: what
// other machines have among theirs.
base::Result<> RemoveAll(Intent intent, VolumeList volumes, const std::set<std::string>& kept) {
    auto located = Locate(volumes, intent.vmx);
    if (!located) return {};
    Home home{located->path, located->Absolute(), volumes};
    auto loaded = LoadFolder(home);                      // logs and the like that came since
    if (loaded)
        for (const FileFact& file : loaded->files) intent.removes.push_back(file.path);
    else
        for (const FileFact& file : ListFiles(home, Config())) intent.removes.push_back(file.path);
    std::erase_if(intent.removes, [&](const auto& file) { return file == intent.vmx || kept.contains(file); });
    CHECK(RemoveFiles(intent.removes, volumes));
    CHECK(RemoveFile(home.file));
    (void)rmdir(home.Folder().c_str());                  // stays when there is more in it
    return {};
}

}  // namespace

Lifecycle::Done Lifecycle::RunDestroy(Intent intent, std::string user, task::Progress& progress) {
    vim::Ref ref{&Vm::kType, intent.id};
    if (!intent.vmx.empty()) {
        auto kept = AlsoOfOthers(*c_.inventory.Now(), ref, intent.removes);
        for (const std::string& file : kept)
            base::LogInfo("vm " + ref.id, file + " stays: another virtual machine has it as well");
        auto remove = [intent, volumes = c_.volumes.Now(), kept] { return RemoveAll(intent, volumes, kept); };
        auto removed = co_await c_.pool.Run(std::move(remove));
        if (!removed) {
            (void)co_await c_.Refresh(ref);
            auto path = DatastorePath::Parse(intent.vmx);
            co_return FileFault(std::move(removed).error().While("destroy " + intent.name),
                                path ? *path : DatastorePath());
        }
        CO_CHECK(co_await progress.Step("removed", ""));
        c_.registry.Remove(intent.id);
        if (auto done = co_await c_.registry.Commit(); !done) co_return vim::Fault(std::move(done).error());
    }
    c_.Post(vim::VmRemovedEvent(), ref, user, progress.chain_id());
    base::LogInfo("vm " + intent.id, base::Cat(intent.name, " destroyed by ", user));
    Drop(intent.id);
    co_return vim::Any();
}

Lifecycle::Done Lifecycle::ResumeDestroy(task::Unfinished what, task::Progress& progress) {
    co_return co_await RunDestroy(Intent::Parse(what.begun), what.user, progress);
}

}  // namespace vm
