// SearchIndex: an entity by what it is known by. Nothing found answers nothing; only
// entities that the caller may see are found.
#include <algorithm>

#include "api/serve.h"
#include "api/tree.h"
#include "base/ids.h"
#include "base/text.h"
#include "vim/gen/calls_entity.h"
#include "vim/gen/guest.h"
#include "vim/gen/host.h"
#include "vim/gen/host_network.h"
#include "vim/gen/vm.h"

namespace api {

namespace call = vim::call;

namespace {

using Match = std::function<bool(const vim::VirtualMachine*, const vim::HostSystem*)>;

// Every VM (or host) that matches and that the caller may see; stops at the first if asked.
std::vector<vim::Ref> Find(Call& call, bool vms, bool only_first, const Match& match) {
    std::vector<vim::Ref> out;
    call.now->ForEach([&](const vim::ManagedObject& object) {
        if (only_first && !out.empty()) return;
        const auto* vm = vms ? dynamic_cast<const vim::VirtualMachine*>(&object) : nullptr;
        const auto* host = vms ? nullptr : dynamic_cast<const vim::HostSystem*>(&object);
        if ((vm || host) && match(vm, host) && call.Check(object.self, "System.View")) out.push_back(object.self);
    });
    return out;
}

vim::Ref First(std::vector<vim::Ref> found) { return found.empty() ? vim::Ref() : found.front(); }

Match ByUuid(const std::string& text, bool instance) {
    std::string uuid = base::NormalUuid(text).value_or(text);
    return [uuid, instance](const vim::VirtualMachine* vm, const vim::HostSystem* host) {
        if (uuid.empty()) return false;              // a VM that has none yet is not meant
        if (vm) return vm->config && (instance ? vm->config->instance_uuid.value_or("") : vm->config->uuid) == uuid;
        return host->hardware && host->hardware->system_info->uuid == uuid;
    };
}

bool HasAddress(const vim::HostSystem& host, const std::string& ip) {
    if (host.name == ip) return true;
    if (!host.config || !host.config->network) return false;
    const auto& nics = host.config->network->vnic;
    return std::any_of(nics.begin(), nics.end(), [&](const vim::Ptr<vim::HostVirtualNic>& nic) {
        return nic->spec && nic->spec->ip && nic->spec->ip->ip_address == ip;
    });
}

Match ByIp(const std::string& ip) {
    return [ip](const vim::VirtualMachine* vm, const vim::HostSystem* host) {
        if (ip.empty()) return false;
        if (host) return HasAddress(*host, ip);
        if (!vm->guest) return false;
        if (vm->guest->ip_address == ip) return true;
        for (const auto& nic : vm->guest->net)
            for (const auto& address : nic->ip_address)
                if (address == ip) return true;
        return false;
    };
}

Match ByDnsName(const std::string& name) {
    return [name](const vim::VirtualMachine* vm, const vim::HostSystem* host) {
        if (host) return base::EqualNoCase(host->name, name);
        return vm->guest && vm->guest->host_name && base::EqualNoCase(*vm->guest->host_name, name);
    };
}

vim::Ref ByDatastorePath(Call& call, const std::string& path) {
    return First(Find(call, true, true, [&](const vim::VirtualMachine* vm, const vim::HostSystem*) {
        return vm->config && vm->config->files && vm->config->files->vm_path_name == path;
    }));
}

// "/ha-datacenter/vm/name", with or without the first slash; "" is the root folder.
vim::Ref ByInventoryPath(Call& call, std::string_view path) {
    vim::Ref at;
    call.now->ForEach([&](const vim::ManagedObject& object) {
        const auto* folder = dynamic_cast<const vim::Folder*>(&object);
        if (folder && !folder->parent) at = folder->self;
    });
    for (std::string_view name : base::Split(path, '/')) {
        if (name.empty()) continue;
        const auto* node = call.now->Peek(at);
        if (!node) return {};
        at = FindChildNamed(*call.now, *node, name);
    }
    return at && call.Check(at, "System.View") ? at : vim::Ref();
}

vim::Result<vim::Ref> Child(Call& call, const call::FindChild& request) {
    const auto* node = call.now->Peek(request.entity);
    if (!node) return vim::Fault(vim::ManagedObjectNotFound(request.entity));
    vim::Ref found = FindChildNamed(*call.now, *node, request.name);
    return found && call.Check(found, "System.View") ? found : vim::Ref();
}

}  // namespace

void ServeSearch(Dispatch& dispatch, Services&) {
    using Ref = vim::Result<vim::Ref>;
    using Refs = vim::Result<std::vector<vim::Ref>>;
    dispatch.On<call::FindByUuid>([](Call& c, const call::FindByUuid& r) -> Ref {
        return First(Find(c, r.vm_search, true, ByUuid(r.uuid, r.instance_uuid.value_or(false))));
    });
    dispatch.On<call::FindAllByUuid>([](Call& c, const call::FindAllByUuid& r) -> Refs {
        return Find(c, r.vm_search, false, ByUuid(r.uuid, r.instance_uuid.value_or(false)));
    });
    dispatch.On<call::FindByIp>(
        [](Call& c, const call::FindByIp& r) -> Ref { return First(Find(c, r.vm_search, true, ByIp(r.ip))); });
    dispatch.On<call::FindAllByIp>(
        [](Call& c, const call::FindAllByIp& r) -> Refs { return Find(c, r.vm_search, false, ByIp(r.ip)); });
    dispatch.On<call::FindByDnsName>([](Call& c, const call::FindByDnsName& r) -> Ref {
        return First(Find(c, r.vm_search, true, ByDnsName(r.dns_name)));
    });
    dispatch.On<call::FindAllByDnsName>([](Call& c, const call::FindAllByDnsName& r) -> Refs {
        return Find(c, r.vm_search, false, ByDnsName(r.dns_name));
    });
    dispatch.On<call::FindByDatastorePath>(
        [](Call& c, const call::FindByDatastorePath& r) -> Ref { return ByDatastorePath(c, r.path); });
    dispatch.On<call::FindByInventoryPath>(
        [](Call& c, const call::FindByInventoryPath& r) -> Ref { return ByInventoryPath(c, r.inventory_path); });
    dispatch.On<call::FindChild>([](Call& c, const call::FindChild& r) { return Child(c, r); });
}

}  // namespace api
