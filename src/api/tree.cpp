#include "api/tree.h"

#include <algorithm>

#include "vim/gen/entity.h"
#include "vim/gen/host.h"
#include "vim/gen/vm.h"

namespace api {

static void Each(const std::vector<vim::Ref>& refs, const std::function<void(const vim::Ref&)>& fn) {
    for (const vim::Ref& ref : refs) fn(ref);
}

void ForEachChild(const vim::ManagedObject& container, const std::function<void(const vim::Ref&)>& fn) {
    if (const auto* folder = dynamic_cast<const vim::Folder*>(&container)) {
        Each(folder->child_entity, fn);
        return;
    }
    if (const auto* center = dynamic_cast<const vim::Datacenter*>(&container)) {
        for (const vim::Ref* ref :
             {&center->vm_folder, &center->host_folder, &center->datastore_folder, &center->network_folder})
            if (*ref) fn(*ref);
    } else if (const auto* compute = dynamic_cast<const vim::ComputeResource*>(&container)) {
        Each(compute->host, fn);
        if (compute->resource_pool) fn(compute->resource_pool);
    } else if (const auto* pool = dynamic_cast<const vim::ResourcePool*>(&container)) {
        Each(pool->resource_pool, fn);
        Each(pool->vm, fn);
    } else if (const auto* host = dynamic_cast<const vim::HostSystem*>(&container)) {
        Each(host->vm, fn);
    }
}

// A VM sits in a folder, in a pool, and on a host: it has up to three parents.
static std::vector<vim::Ref> ParentsOf(const vim::ManagedObject& object) {
    std::vector<vim::Ref> out;
    if (const auto* entity = dynamic_cast<const vim::ManagedEntity*>(&object); entity && entity->parent)
        out.push_back(entity->parent);
    if (const auto* vm = dynamic_cast<const vim::VirtualMachine*>(&object)) {
        if (vm->resource_pool) out.push_back(vm->resource_pool);
        if (vm->runtime && vm->runtime->host) out.push_back(vm->runtime->host);
    }
    return out;
}

bool IsInside(const inventory::Snapshot& now, const vim::Ref& object, const vim::Ref& container, bool recursive) {
    const vim::ManagedObject* node = now.Peek(object);
    if (!node) return false;
    for (const vim::Ref& parent : ParentsOf(*node)) {
        if (parent == container) return true;
        if (recursive && IsInside(now, parent, container, true)) return true;
    }
    return false;
}

vim::Ref FindChildNamed(const inventory::Snapshot& now, const vim::ManagedObject& container, std::string_view name) {
    vim::Ref found;
    ForEachChild(container, [&](const vim::Ref& ref) {
        if (const auto* entity = now.Get<vim::ManagedEntity>(ref); entity && !found && entity->name == name)
            found = ref;
    });
    return found;
}

}  // namespace api
