#include "host/mounted.h"

#include "base/text.h"
#include "host/ids.h"

namespace host {

rt::Co<base::Result<vim::Ref>> Mounted::Add(std::string folder, std::string name) {
    auto look = [machine = machine_, folder, name] { return LookAtDatastore(machine, folder, name); };
    auto looked = co_await pool_.Run(std::move(look));
    if (!looked) co_return std::move(looked).error().While(base::Cat("datastore \"", name, "\""));
    auto edit = inventory_.Begin();
    auto ref = Accept(edit, *looked, folder);
    if (ref) edit.Commit();
    co_return ref;
}

base::Result<vim::Ref> Mounted::AddAtStart(inventory::Edit& edit, const std::string& folder, const std::string& name,
                                           const std::string& id) {
    if (!id.empty() && platform::KeptVolumeId(folder).empty()) {
        auto ref = Accept(edit, DatastoreFacts{id, name, {}, ""}, folder);
        if (!ref) return ref;
        all_.back().accessible = false;
        SetDatastoreAccessible(edit, *ref, false);
        return ref;
    }
    auto looked = LookAtDatastore(machine_, folder, name);
    if (!looked) return std::move(looked).error().While(base::Cat("datastore \"", name, "\""));
    return Accept(edit, *looked, folder);
}

base::Result<vim::Ref> Mounted::Accept(inventory::Edit& edit, const DatastoreFacts& facts, const std::string& folder) {
    if (auto same = ByName(facts.name))
        return base::Error{base::Code::kExists,
                           base::Cat("datastore \"", facts.name, "\" is there already, at ", same->folder)};
    if (auto same = ByName(facts.id))
        return base::Error{
            base::Code::kExists,
            base::Cat("folder ", folder, " is a copy of datastore \"", same->name, "\" at ", same->folder,
                      ": remove its file ", platform::kVolumeIdFile, " to make it a datastore of its own")};
    const auto ref = DatastoreRef(facts.id);
    all_.push_back({ref, facts.name, facts.id, folder, true});
    AddDatastore(edit, facts);
    return ref;
}

void Mounted::Remove(const vim::Ref& datastore) {
    std::erase_if(all_, [&](const MountedDatastore& m) { return m.datastore == datastore; });
    auto edit = inventory_.Begin();
    RemoveDatastore(edit, datastore);
    edit.Commit();
}

vim::Result<> Mounted::CheckName(const vim::Ref& datastore, const std::string& name) const {
    if (name.empty() || name.size() > 42 || name.find_first_of("/\\[]") != std::string::npos) {
        vim::InvalidName fault;
        fault.name = name;
        return vim::Fault(std::move(fault),
                          base::Cat("\"", name, "\" is no name for a datastore: 1 to 42 characters without / \\ [ ]"));
    }
    if (auto other = ByName(name); other && other->datastore != datastore) {
        vim::DuplicateName fault;
        fault.name = name;
        fault.object = other->datastore;
        return vim::Fault(std::move(fault), base::Cat("datastore \"", name, "\" is there already"));
    }
    return {};
}

vim::Result<> Mounted::Rename(const vim::Ref& datastore, const std::string& name) {
    auto* mounted = Find(datastore);
    if (!mounted) return vim::Fault(vim::ManagedObjectNotFound(datastore));
    CHECK(CheckName(datastore, name));
    mounted->name = name;
    auto edit = inventory_.Begin();
    RenameDatastore(edit, datastore, name);
    edit.Commit();
    return {};
}

void Mounted::SetAccessible(MountedDatastore& mounted, bool accessible) {
    if (mounted.accessible == accessible) return;
    mounted.accessible = accessible;
    auto edit = inventory_.Begin();
    SetDatastoreAccessible(edit, mounted.datastore, accessible);
    edit.Commit();
}

rt::Co<bool> Mounted::LookFor(vim::Ref datastore) {
    auto* mounted = Find(datastore);
    if (!mounted) co_return false;
    auto look = [folder = mounted->folder, id = mounted->id] { return platform::CheckVolume(folder, id); };
    auto there = co_await pool_.Run(std::move(look));
    mounted = Find(datastore);
    if (mounted) SetAccessible(*mounted, bool(there));
    co_return bool(there);
}

rt::Co<vim::Result<>> Mounted::Renew(vim::Ref datastore) {
    auto* mounted = Find(datastore);
    if (!mounted) co_return vim::Fault(vim::ManagedObjectNotFound(datastore));
    auto look = [machine = machine_, folder = mounted->folder, name = mounted->name] {
        return LookAtDatastore(machine, folder, name);
    };
    auto facts = co_await pool_.Run(std::move(look));
    mounted = Find(datastore);                                     // it may have gone meanwhile
    if (!mounted) co_return vim::Fault(vim::ManagedObjectNotFound(datastore));
    if (!facts) co_return vim::Fault(std::move(facts).error().While(base::Cat("datastore \"", mounted->name, "\"")));
    facts->name = mounted->name;
    auto edit = inventory_.Begin();
    AddDatastore(edit, *facts);
    edit.Commit();
    co_return vim::Result<>();
}

rt::Co<vim::Result<>> Mounted::Refresh(vim::Ref datastore, std::int64_t step) {
    auto* mounted = Find(datastore);
    if (!mounted) co_return vim::Fault(vim::ManagedObjectNotFound(datastore));
    auto read = [folder = mounted->folder, id = mounted->id]() -> base::Result<platform::Volume> {
        CHECK(platform::CheckVolume(folder, id));
        return platform::ReadVolume(folder);
    };
    auto volume = co_await pool_.Run(std::move(read));
    mounted = Find(datastore);                                     // it may have gone meanwhile
    if (!mounted) co_return vim::Fault(vim::ManagedObjectNotFound(datastore));
    SetAccessible(*mounted, bool(volume));
    auto edit = inventory_.Begin();
    if (volume) RefreshDatastore(edit, datastore, *volume, clock_.Now(), step);
    edit.Commit();
    if (!volume) co_return vim::Fault(std::move(volume).error().While(base::Cat("datastore \"", mounted->name, "\"")));
    co_return vim::Result<>();
}

MountedDatastore* Mounted::Find(const vim::Ref& datastore) {
    for (auto& m : all_)
        if (m.datastore == datastore) return &m;
    return nullptr;
}

std::optional<MountedDatastore> Mounted::ByName(std::string_view name_or_id) const {
    for (const auto& m : all_)
        if (m.name == name_or_id || m.id == name_or_id) return m;
    return {};
}

std::optional<MountedDatastore> Mounted::ByRef(const vim::Ref& datastore) const {
    for (const auto& m : all_)
        if (m.datastore == datastore) return m;
    return {};
}

}  // namespace host
