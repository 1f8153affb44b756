#include "host/placement.h"

#include "host/ids.h"

namespace host {
namespace {

// Changes one list of the place, when it is of this kind. A VM is added only where it is
// known to be missing: looking for it among ten thousand would make the start quadratic.
template <class T>
void ListAt(inventory::Edit& edit, const vim::Ref& place, std::vector<vim::Ref> T::*list, const vim::Ref& vm,
            bool there) {
    if (!place.type->IsA(T::kType)) return;
    edit.Change<T>(place,
                   [&](T& object) { there ? (object.*list).push_back(vm) : void(std::erase(object.*list, vm)); });
}

void ListIn(inventory::Edit& edit, const std::vector<vim::Ref>& places, const vim::Ref& vm, bool there) {
    for (const auto& place : places) {
        ListAt(edit, place, &vim::Datastore::vm, vm, there);
        ListAt(edit, place, &vim::Network::vm, vm, there);
        ListAt(edit, place, &vim::Folder::child_entity, vm, there);
        ListAt(edit, place, &vim::HostSystem::vm, vm, there);
        ListAt(edit, place, &vim::ResourcePool::vm, vm, there);
    }
}

std::vector<vim::Ref> Once(std::vector<vim::Ref> refs) {
    std::sort(refs.begin(), refs.end());
    refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
    return refs;
}

// Everything that lists this VM.
std::vector<vim::Ref> Places(const vim::VirtualMachine& vm) {
    std::vector<vim::Ref> out = {vm.parent, vm.resource_pool, vm.runtime ? vm.runtime->host : vim::Ref()};
    out.insert(out.end(), vm.datastore.begin(), vm.datastore.end());
    out.insert(out.end(), vm.network.begin(), vm.network.end());
    std::erase_if(out, [](const vim::Ref& r) { return !r; });
    return Once(std::move(out));
}

std::vector<vim::Ref> Missing(const std::vector<vim::Ref>& from, const std::vector<vim::Ref>& in) {
    std::vector<vim::Ref> out;
    for (const auto& r : from)
        if (std::find(in.begin(), in.end(), r) == in.end()) out.push_back(r);
    return Once(std::move(out));
}

}  // namespace

void PlaceVm(inventory::Edit& edit, vim::VirtualMachine vm) {
    if (edit.Get<vim::VirtualMachine>(vm.self)) return;
    if (!vm.parent) vm.parent = VmFolderRef();
    if (!vm.resource_pool) vm.resource_pool = RootPoolRef();
    if (!vm.environment_browser) vm.environment_browser = EnvironmentBrowserRef();
    if (!vm.runtime || !vm.runtime->host) vm.runtime.Mut().host = HostRef();
    const auto places = Places(vm);
    const auto ref = vm.self;
    edit.Add(std::move(vm));
    ListIn(edit, places, ref, true);
}

void RelinkVm(inventory::Edit& edit, const vim::Ref& vm, std::vector<vim::Ref> datastores,
              std::vector<vim::Ref> networks) {
    auto* have = edit.Get<vim::VirtualMachine>(vm);
    if (!have) return;
    std::vector<vim::Ref> before = have->datastore, after = datastores;
    before.insert(before.end(), have->network.begin(), have->network.end());
    after.insert(after.end(), networks.begin(), networks.end());
    ListIn(edit, Missing(before, after), vm, false);
    ListIn(edit, Missing(after, before), vm, true);
    edit.Change<vim::VirtualMachine>(vm, [&](vim::VirtualMachine& v) {
        v.datastore = std::move(datastores);
        v.network = std::move(networks);
    });
}

void RemoveVm(inventory::Edit& edit, const vim::Ref& vm) {
    auto* have = edit.Get<vim::VirtualMachine>(vm);
    if (!have) return;
    const auto places = Places(*have);
    ListIn(edit, places, vm, false);
    edit.Remove(vm);
}

}  // namespace host
