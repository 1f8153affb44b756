#include "storage/datastore_names.h"

#include "base/log.h"
#include "base/text.h"
#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_vm.h"
#include "vim/gen/task.h"
#include "vim/gen/vm.h"

namespace storage {

static std::string LastName(const std::string& folder) { return folder.substr(folder.rfind('/') + 1); }

DatastoreNames::Kept DatastoreNames::Read(const std::string& file, const std::string& folder) {
    std::string key = LastName(folder);
    auto kept = store::ConfigFile::Load(file);
    if (kept) return {kept->Get("name", key, key), kept->Get("id", key, "")};
    base::LogWarning("storage", base::Cat("the names of datastores cannot be read: ", kept.error().message));
    return {key, {}};
}

base::Result<vim::Ref> DatastoreNames::KeepId(const std::string& file, const std::string& folder,
                                              const std::string& kept, vim::Ref datastore) {
    if (datastore.id == kept) return datastore;
    TRY(names, store::ConfigFile::Load(file));
    CHECK(names.Set("id", LastName(folder), datastore.id));
    CHECK(names.Save(0644));
    return datastore;
}

// The journal has paths with the old name in them.
vim::Result<> DatastoreNames::CheckIdle(const vim::Ref& datastore, const std::string& name) const {
    auto now = parts_.inventory.Now();
    std::string busy;
    now->ForEach([&](const vim::ManagedObject& object) {
        const auto* task = dynamic_cast<const vim::Task*>(&object);
        if (!task || !task->info || !task->info->entity || !busy.empty()) return;
        if (task->info->description_id == vim::call::Rename::kMethod.task_id && task->info->entity == datastore) return;
        bool runs =
            task->info->state == vim::TaskInfoState::kRunning || task->info->state == vim::TaskInfoState::kQueued;
        const auto* vm = dynamic_cast<const vim::VirtualMachine*>(now->Peek(task->info->entity));
        bool elsewhere = task->info->description_id == vim::call::RelocateVM::kMethod.task_id ||
                         task->info->description_id == vim::call::CloneVM::kMethod.task_id;
        bool on_it = vm && std::find(vm->datastore.begin(), vm->datastore.end(), datastore) != vm->datastore.end();
        if (runs && (on_it || elsewhere || !vm)) busy = task->info->description_id;
    });
    if (busy.empty() && !renaming_) return {};
    vim::ResourceInUse fault;
    fault.type_ = "Datastore";
    fault.name = name;
    return vim::Fault(std::move(fault), base::Cat("a task (", renaming_ ? "Datastore.rename" : busy,
                                                  ") uses datastore \"", name, "\": wait for its end"));
}

rt::Co<base::Result<>> DatastoreNames::Keep(std::string folder, std::string name) {
    auto keep = [file = parts_.file, folder = std::move(folder), name = std::move(name)]() -> base::Result<> {
        TRY(names, store::ConfigFile::Load(file));
        if (name == LastName(folder)) names.Erase("name", LastName(folder));
        else CHECK(names.Set("name", LastName(folder), name));
        return names.Save(0644);
    };
    co_return co_await parts_.pool.Run(std::move(keep));
}

// The list of machines names the datastore by its id from here on, which never changes: so
// it is right before and after the new name is kept, wherever we may be cut off.
rt::Co<vim::Result<>> DatastoreNames::KeepMachines(const host::MountedDatastore& datastore) {
    vm::Context& machines = parts_.machines;
    for (const auto& [id, record] : machines.records)
        if (record.vmx.datastore == datastore.name && machines.registry.Has(id))
            machines.registry.Add(id, vm::DatastorePath{datastore.id, record.vmx.path}.Text());
    auto kept = co_await machines.registry.Commit();
    if (!kept) co_return vim::Fault(std::move(kept).error());
    co_return vim::Result<>{};
}

rt::Co<void> DatastoreNames::TellMachines(std::string from, std::string to) {
    vm::Context& machines = parts_.machines;
    std::vector<vim::Ref> all;                           // any may have a disk or a CD there
    for (auto& [id, record] : machines.records) {
        if (record.vmx.datastore == from) record.vmx.datastore = to;
        if (!record.file.empty()) all.push_back(record.ref);
    }
    for (const vim::Ref& ref : all)
        if (auto read = co_await machines.Refresh(ref); !read) base::LogWarning("vm " + ref.id, read.error().message);
}

rt::Co<vim::Result<>> DatastoreNames::Rename(vim::Ref datastore, std::string name, std::string user) {
    auto mounted = parts_.mounted.ByRef(datastore);
    if (!mounted) co_return vim::Fault(vim::ManagedObjectNotFound(datastore), "there is no such datastore");
    if (mounted->name == name) co_return vim::Result<>{};
    CO_CHECK(parts_.mounted.CheckName(datastore, name));
    CO_CHECK(CheckIdle(datastore, mounted->name));
    renaming_ = true;
    auto kept = co_await KeepMachines(*mounted);
    if (kept) {
        auto named = co_await Keep(mounted->folder, name);
        if (!named) kept = vim::Fault(std::move(named).error().While("keep the name of the datastore"));
    }
    renaming_ = false;
    if (!kept) co_return std::move(kept).error();
    CO_CHECK(parts_.mounted.Rename(datastore, name));
    co_await TellMachines(mounted->name, name);
    vim::DatastoreRenamedEvent event;
    event.datastore.Mut().datastore = datastore;
    event.old_name = mounted->name;
    event.new_name = name;
    parts_.events.Post(vim::Ptr<vim::Event>(std::move(event)), user);
    co_return vim::Result<>{};
}

// Cut off, it has the old name or the new one.
rt::Co<vim::Result<vim::Ref>> DatastoreNames::RenameByTask(vim::Ref datastore, std::string name, std::string user) {
    task::Spec spec;
    spec.entity = datastore;
    spec.method = &vim::call::Rename::kMethod;
    spec.user = user;
    spec.durable = false;
    task::Work work = [this, datastore, name, user](task::Progress&) -> rt::Co<vim::Result<vim::Any>> {
        CO_CHECK(co_await Rename(datastore, name, user));
        co_return vim::Any();
    };
    co_return co_await parts_.machines.tasks.Start(std::move(spec), std::move(work));
}

}  // namespace storage
