#include "host/placement.h"

#include "host/ids.h"

namespace host {
namespace {

void Insert(std::vector<vim::Ref>& list, const vim::Ref& ref) {
    if (std::find(list.begin(), list.end(), ref) == list.end()) list.push_back(ref);
}

// Changes one list of the place, when it is of this kind.
template <class T>
void ListAt(inventory::Edit& edit, const vim::Ref& place, std::vector<vim::Ref> T::*list, const vim::Ref& vm,
            bool there) {
    if (!place.type->IsA(T::kType)) return;
    edit.Change<T>(place, [&](T& object) { there ? Insert(object.*list, vm) : void(std::erase(object.*list, vm)); });
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

// Everything that lists this VM.
std::vector<vim::Ref> Places(const vim::VirtualMachine& vm) {
    std::vector<vim::Ref> out = {vm.parent, vm.resource_pool, vm.runtime ? vm.runtime->host : vim::Ref()};
    out.insert(out.end(), vm.datastore.begin(), vm.datastore.end());
    out.insert(out.end(), vm.network.begin(), vm.network.end());
    std::erase_if(out, [](const vim::Ref& r) { return !r; });
    return out;
}

std::vector<vim::Ref> Missing(const std::vector<vim::Ref>& from, const std::vector<vim::Ref>& in) {
    std::vector<vim::Ref> out;
    for (const auto& r : from)
        if (std::find(in.begin(), in.end(), r) == in.end()) out.push_back(r);
    return out;
}

}  // namespace

void PlaceVm(inventory::Edit& edit, vim::VirtualMachine vm) {
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
