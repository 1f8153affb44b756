#include "access/tree.h"

#include <algorithm>

#include "vim/gen/entity.h"
#include "vim/gen/host.h"
#include "vim/gen/ovf.h"
#include "vim/gen/service.h"
#include "vim/gen/storage.h"
#include "vim/gen/task.h"
#include "vim/gen/vm.h"

namespace auth {
namespace {

// Managers of the whole system that a host's configuration mentions as well.
constexpr std::string_view kOfTheSystem[] = {"userDirectory", "accountManager", "licenseManager"};

bool OwnFolder(const vim::Datacenter& dc, const vim::Ref& folder) {
    return folder == dc.vm_folder || folder == dc.host_folder || folder == dc.datastore_folder ||
           folder == dc.network_folder;
}

// Rule 5: a data centre's four folders, a compute resource's root pool, and the host of
// one that stands alone.
bool IsForced(const vim::ManagedObject& parent, const vim::Ref& child) {
    if (auto* dc = dynamic_cast<const vim::Datacenter*>(&parent)) return OwnFolder(*dc, child);
    if (auto* compute = dynamic_cast<const vim::ComputeResource*>(&parent)) {
        if (child == compute->resource_pool) return true;
        return !dynamic_cast<const vim::ClusterComputeResource*>(&parent) && child.type->IsA(vim::HostSystem::kType);
    }
    return false;
}

void Add(std::vector<vim::Ref>& list, const vim::Ref& ref) {
    if (ref && std::find(list.begin(), list.end(), ref) == list.end()) list.push_back(ref);
}

}  // namespace

Place Tree::PlaceOf(const vim::Ref& ref) const {
    Place out;
    if (ref == root_) return out;
    auto now = inventory_.Now();
    auto* entity = now->Get<vim::ManagedEntity>(ref);
    if (entity) Add(out.parents, entity->parent);
    if (auto* vm = dynamic_cast<const vim::VirtualMachine*>(entity)) {
        Add(out.parents, vm->parent_v_app);
        Add(out.parents, vm->resource_pool);
    }
    if (out.parents.empty()) out.parents.push_back(root_);
    if (auto* parent = entity ? now->Peek(entity->parent) : nullptr) out.forced = IsForced(*parent, ref);
    return out;
}

vim::Ref Tree::EntityOf(const vim::Ref& object) {
    if (!object || object.type->IsA(vim::ManagedEntity::kType)) return object ? object : root_;
    auto now = inventory_.Now();
    if (auto* snapshot = now->Get<vim::VirtualMachineSnapshot>(object)) return snapshot->vm ? snapshot->vm : root_;
    if (auto* task = now->Get<vim::Task>(object)) {
        vim::Ref entity = task->info ? task->info->entity : vim::Ref();
        return entity && entity.type->IsA(vim::ManagedEntity::kType) ? entity : root_;
    }
    if (auto* lease = now->Get<vim::HttpNfcLease>(object))
        return lease->info && lease->info->entity ? lease->info->entity : root_;
    Follow();
    auto it = owner_of_.find(object);
    return it == owner_of_.end() ? root_ : it->second;
}

// Reads what the feed says since the last time.
void Tree::Follow() {
    auto now = inventory_.Now();
    if (learnt_ && now->version() == seen_) return;
    auto learn = [&](const inventory::Change& change) {
        if (change.kind == inventory::ChangeKind::kRemoved)
            std::erase_if(owner_of_,
                          [&](const auto& e) { return e.second == change.object || e.first == change.object; });
        else if (auto* object = now->Peek(change.object)) Learn(*object);
    };
    if (!learnt_ || !inventory_.Since(seen_, learn)) {
        owner_of_.clear();
        now->ForEach([this](const vim::ManagedObject& object) { Learn(object); });
    }
    learnt_ = true;
    seen_ = now->version();
}

void Tree::Learn(const vim::ManagedObject& object) {
    const vim::Ref& self = object.self;
    if (auto* host = dynamic_cast<const vim::HostSystem*>(&object)) {
        Claim(host->datastore_browser, self, true);
        if (!host->config_manager) return;
        vim::ForEachField(host->config_manager->type(), [&](const vim::Field& f) {
            bool ours = std::find(std::begin(kOfTheSystem), std::end(kOfTheSystem), f.name) == std::end(kOfTheSystem);
            if (ours && f.type->kind == vim::Kind::kManaged)
                Claim(*static_cast<const vim::Ref*>(vim::SlotOf(*host->config_manager, f)), self, true);
        });
    } else if (auto* datastore = dynamic_cast<const vim::Datastore*>(&object)) {
        Claim(datastore->browser, self, true);
    } else if (auto* compute = dynamic_cast<const vim::ComputeResource*>(&object)) {
        Claim(compute->environment_browser, self, true);
    } else if (auto* vm = dynamic_cast<const vim::VirtualMachine*>(&object)) {
        Claim(vm->environment_browser, self, false);     // unless it is the whole host's
    }
}

void Tree::Claim(const vim::Ref& part, const vim::Ref& owner, bool replace) {
    if (!part) return;
    auto [it, fresh] = owner_of_.try_emplace(part, owner);
    if (!fresh && replace) it->second = owner;
}

}  // namespace auth
