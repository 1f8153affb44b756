// Pools over a restart.
#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "store/config_file.h"
#include "vm/pools.h"

namespace vm {
namespace {

// "500 1 -1 normal 4000": reservation, expandable, limit, shares
std::string Text(const vim::ResourceAllocationInfo& a) {
    return base::Cat(a.reservation.value_or(0), ' ', int{a.expandable_reservation.value_or(true)}, ' ',
                     a.limit.value_or(-1), ' ', vim::Name(a.shares->level), ' ', a.shares->shares);
}

vim::Ptr<vim::ResourceAllocationInfo> Parse(std::string_view text) {
    auto words = base::Split(text, ' ');
    auto number = [&](std::size_t i, std::int64_t otherwise) {
        return i < words.size() ? base::ToInt(words[i]).value_or(otherwise) : otherwise;
    };
    vim::ResourceAllocationInfo a;
    a.reservation = number(0, 0);
    a.expandable_reservation = number(1, 1) != 0;
    a.limit = number(2, -1);
    auto& shares = a.shares.Mut();
    shares.level = vim::SharesLevel::kNormal;
    for (auto level : {vim::SharesLevel::kLow, vim::SharesLevel::kHigh, vim::SharesLevel::kCustom})
        if (words.size() > 3 && words[3] == vim::Name(level)) shares.level = level;
    shares.shares = static_cast<std::int32_t>(number(4, 4000));
    return a;
}

}  // namespace

// A parent's section stands before those of its children.
void Pools::Load(const std::string& path, Keep keep) {
    keep_ = std::move(keep);
    auto file = store::ConfigFile::Load(path);
    if (!file) {
        base::LogError("pools", "resource pools are not known: " + file.error().message);
        return;
    }
    if (file->trouble()) base::LogWarning("pools", *file->trouble());
    next_ = std::max<std::int64_t>(base::ToInt(file->Get("", "next", "1")).value_or(1), 1);
    auto edit = c_.inventory.Begin();
    for (const std::string& id : file->Sections()) {
        vim::ResourceConfigSpec read;
        read.cpu_allocation = Parse(file->Get(id, "cpu", ""));
        read.memory_allocation = Parse(file->Get(id, "memory", ""));
        vim::Ref parent = host::RefTo<vim::ResourcePool>(file->Get(id, "parent", host::RootPoolRef().id));
        std::string name = file->Get(id, "name", "");
        auto config = Merge(read, read);
        if (!config || name.empty() || !edit.Get<vim::ResourcePool>(parent) ||
            edit.Get<vim::ResourcePool>(host::RefTo<vim::ResourcePool>(id))) {
            base::LogWarning("pools",
                             base::Cat("resource pool ", id, " \"", name, "\" makes no sense; it is left out"));
            continue;
        }
        AddPool(edit, id, name, parent, *std::move(config));
        if (id.starts_with("pool")) next_ = std::max(next_, base::ToInt(id.substr(4)).value_or(0) + 1);
    }
    edit.Commit();
    PublishRuntime();
}

vim::Result<> Pools::KeepAll() {
    store::ConfigFile file("");
    (void)file.Set("", "next", base::Cat(next_));
    auto now = c_.inventory.Now();
    for (const vim::Ref& ref : InOrder(*now)) {
        const vim::ResourcePool* p = Find(*now, ref);
        if (!p || ref == host::RootPoolRef()) continue;
        (void)file.Set(ref.id, "name", p->name);
        (void)file.Set(ref.id, "parent", p->parent.id);
        (void)file.Set(ref.id, "cpu", Text(*p->config->cpu_allocation));
        (void)file.Set(ref.id, "memory", Text(*p->config->memory_allocation));
    }
    if (!keep_) return {};
    if (auto kept = keep_(file.Text()); !kept)
        return vim::Fault(std::move(kept).error().While("keep the resource pools"));
    return {};
}

// Which pool a VM is in stands beside its path in the list of VMs.
rt::Co<vim::Result<>> Pools::KeepMembers(std::vector<vim::Ref> vms) {
    auto now = c_.inventory.Now();
    for (const vim::Ref& ref : vms)
        if (auto* vm = now->Get<Vm>(ref)) c_.registry.SetPool(ref.id, BackendPool(vm->resource_pool));
    if (auto kept = co_await c_.registry.Commit(); !kept) co_return vim::Fault(std::move(kept).error());
    co_return vim::Result<>{};
}

}  // namespace vm
