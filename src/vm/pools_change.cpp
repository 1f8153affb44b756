// What clients do to pools. Every change is checked whole before any of it is made, and is
// one edit.
#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "vim/gen/event.h"
#include "vm/disk_files.h"
#include "vm/folder.h"
#include "vm/pools.h"

namespace vm {
namespace {

constexpr int kDeepest = 8;

vim::Fault RootStays(std::string_view what) {
    return vim::Fault(vim::NotSupported(), base::Cat("the root resource pool is the host's own; it cannot be ", what));
}

bool IsWithin(const inventory::Snapshot& now, const vim::Ref& pool, const vim::Ref& above) {
    for (auto* p = now.Get<vim::ResourcePool>(pool); p; p = now.Get<vim::ResourcePool>(p->parent))
        if (p->self == above) return true;
    return false;
}

int DepthOf(const inventory::Snapshot& now, const vim::Ref& pool) {
    int depth = 0;
    for (auto* p = now.Get<vim::ResourcePool>(pool); p && !(p->self == host::RootPoolRef());
         p = now.Get<vim::ResourcePool>(p->parent))
        ++depth;
    return depth;
}

int HeightOf(const inventory::Snapshot& now, const vim::Ref& pool) {
    int height = 0;
    auto* p = now.Get<vim::ResourcePool>(pool);
    for (const vim::Ref& child : p ? p->resource_pool : std::vector<vim::Ref>())
        height = std::max(height, 1 + HeightOf(now, child));
    return height;
}

vim::Result<> CheckDepth(int depth) {
    if (depth <= kDeepest) return {};
    return vim::Fault(vim::NotSupported(), base::Cat("resource pools can be nested ", kDeepest, " deep, no deeper"));
}

}  // namespace

// What happens to pools is told as a host tells what has no event type of its own.
void Pools::Tell(std::string_view what, const vim::Ref& pool, const std::string& name, std::string words,
                 const std::string& user) {
    vim::EventEx event;
    event.event_type_id = base::Cat("esx.audit.resourcepool.", what);
    event.severity = "info";
    event.message = base::Cat("Resource pool ", name, " ", words);
    event.object_id = pool.id;
    event.object_type = "ResourcePool";
    event.object_name = name;
    c_.events.Post(vim::Ptr<vim::Event>(std::move(event)), user, 0);
}

rt::Co<vim::Result<vim::Ref>> Pools::Create(vim::call::CreateResourcePool call, std::string user) {
    auto now = c_.inventory.Now();
    const vim::ResourcePool* parent = Find(*now, call.self);
    if (!parent) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    CO_CHECK(CheckName(call.name, call.self, {}));
    CO_CHECK(CheckDepth(DepthOf(*now, call.self) + 1));
    vim::ResourceConfigSpec usual;
    for (auto* a : {&usual.cpu_allocation, &usual.memory_allocation}) {
        a->Mut().reservation = 0;
        a->Mut().expandable_reservation = true;
        a->Mut().limit = -1;
        a->Mut().shares.Mut().level = vim::SharesLevel::kNormal;
    }
    CO_TRY(config, Merge(*call.spec, usual));
    for (bool memory : {false, true}) {                  // a new pool holds nothing but its reservation
        PoolMath math = Math(memory, {});
        const auto& a = memory ? *config->memory_allocation : *config->cpu_allocation;
        std::int64_t free = math.Unreserved(math.Find(call.self.id)), asked = a.reservation.value_or(0);
        if (asked <= free) continue;
        std::string words = base::Cat("\"", parent->name, "\" has ", free, memory ? " MB" : " MHz",
                                      " left to reserve, ", asked, " are asked for");
        if (memory) {
            vim::InsufficientMemoryResourcesFault fault;
            fault.unreserved = free << 20;
            fault.requested = asked << 20;
            co_return vim::Fault(std::move(fault), std::move(words));
        }
        vim::InsufficientCpuResourcesFault fault;
        fault.unreserved = free;
        fault.requested = asked;
        co_return vim::Fault(std::move(fault), std::move(words));
    }
    vim::Ref ref = NewId();
    auto edit = c_.inventory.Begin();
    AddPool(edit, ref.id, call.name, call.self, std::move(config));
    edit.Commit();
    if (auto kept = KeepAll(); !kept) {
        auto undo = c_.inventory.Begin();
        undo.Change<vim::ResourcePool>(call.self, [&](vim::ResourcePool& p) { std::erase(p.resource_pool, ref); });
        undo.Remove(ref);
        undo.Commit();
        co_return std::move(kept).error();
    }
    PublishRuntime();
    Tell("created", ref, call.name, "was created", user);
    co_await TellBackend();
    co_return ref;
}

rt::Co<vim::Result<>> Pools::Update(vim::call::UpdateConfig call, const Permit& permit, std::string user) {
    auto now = c_.inventory.Now();
    const vim::ResourcePool* pool = Find(*now, call.self);
    if (!pool) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    if (call.self == host::RootPoolRef()) co_return RootStays("changed");
    if (call.config) CO_CHECK(permit.Check(call.self, "Resource.EditPool"));
    std::string name = call.name && !call.name->empty() ? *call.name : pool->name;
    if (name != pool->name) {
        CO_CHECK(permit.Check(call.self, "Resource.RenamePool"));
        CO_CHECK(CheckName(name, pool->parent, call.self));
    }
    Settings config = pool->config;
    if (call.config) {
        const auto& version = call.config->change_version;
        if (version && !version->empty() && version != pool->config->change_version)
            co_return vim::Fault(vim::ConcurrentAccess(), name + " was changed by somebody else meanwhile");
        CO_TRY(merged, Merge(*call.config, *pool->config));
        config = std::move(merged);
        Change change;
        change.configs[call.self.id] = config;
        CO_CHECK(Check(change, pool->parent.id));
    }
    auto put = [&](const std::string& new_name, const Settings& new_config) {
        auto edit = c_.inventory.Begin();
        edit.Change<vim::ResourcePool>(call.self, [&](vim::ResourcePool& p) {
            p.name = new_name;
            p.config = new_config;
            auto& summary = p.summary.Mut();
            summary.name = new_name;
            summary.config = new_config;
            summary.configured_memory_mb =
                static_cast<std::int32_t>(new_config->memory_allocation->reservation.value_or(0));
        });
        edit.Commit();
    };
    put(name, config);
    if (auto kept = KeepAll(); !kept) {
        put(pool->name, pool->config);                   // `now` still holds what was
        co_return std::move(kept).error();
    }
    PublishRuntime();
    Tell("reconfigured", call.self, name, "was changed", user);
    co_await TellBackend();
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Pools::UpdateChildren(vim::call::UpdateChildResourceConfiguration call, const Permit& permit,
                                            std::string user) {
    for (const auto& spec : call.spec) {
        auto now = c_.inventory.Now();
        auto* child = now->Get<vim::ManagedEntity>(spec->entity);
        auto* vm = child ? now->Get<Vm>(child->self) : nullptr;
        bool ours = vm ? vm->resource_pool == call.self : child && child->parent == call.self;
        if (!ours)
            co_return vim::Fault(vim::InvalidArgument("spec.entity"),
                                 base::Cat(spec->entity ? spec->entity.id : "(nothing)", " is no child of this pool"));
    }
    for (const auto& spec : call.spec) {
        if (spec->entity.type->IsA(vim::ResourcePool::kType)) {
            vim::call::UpdateConfig one;
            one.self = spec->entity;
            one.config = spec;
            CO_CHECK(co_await Update(std::move(one), permit, user));
            continue;
        }
        CO_CHECK(permit.Check(spec->entity, "VirtualMachine.Config.Resource"));
        CO_CHECK(co_await Allocate(spec->entity, spec, user));
    }
    co_return vim::Result<>{};
}

// One write of its .vmx: it is done or not, so that nothing needs to be journalled.
rt::Co<vim::Result<>> Pools::Allocate(vim::Ref ref, Settings wanted, std::string user) {
    CO_TRY(vm, c_.Usable(ref));
    if (c_.tasks.Busy(ref))
        co_return vim::Fault(vim::TaskInProgress(), vm->name + " is being worked on; try again when that has ended");
    Spec spec;
    spec.cpu_allocation = wanted->cpu_allocation;
    spec.memory_allocation = wanted->memory_allocation;
    Record* record = c_.Find(ref);
    CO_TRY(change, vm::Apply(spec, *vm->config, c_.SituationOf(*vm, *record)));
    CO_CHECK(CheckChange(ref, change.config));
    if (record->file.empty()) {
        c_.Change(ref, [&](Vm& v) {
            v.config = change.config;
            v.resource_config.Mut().cpu_allocation = v.config->cpu_allocation;
            v.resource_config.Mut().memory_allocation = v.config->memory_allocation;
        });
    } else {
        Home home = c_.HomeOf(*record);
        auto save = [home, config = change.config]() -> base::Result<Loaded> {
            CHECK(SaveConfig(home, config));
            return LoadFolder(home);
        };
        auto loaded = co_await c_.pool.Run(std::move(save));
        if (!loaded) co_return FileFault(std::move(loaded).error(), home.vmx);
        c_.Publish(ref, *loaded);
    }
    co_await Apply(ref);
    c_.Post(vim::VmResourceReallocatedEvent(), ref, user);
    co_return vim::Result<>{};
}

// --- places

void Pools::Reparent(inventory::Edit& edit, const vim::Ref& child, const vim::Ref& from, const vim::Ref& to) {
    bool vm = child.type->IsA(Vm::kType);
    auto list = vm ? &vim::ResourcePool::vm : &vim::ResourcePool::resource_pool;
    edit.Change<vim::ResourcePool>(from, [&](vim::ResourcePool& p) { std::erase(p.*list, child); });
    edit.Change<vim::ResourcePool>(to, [&](vim::ResourcePool& p) { (p.*list).push_back(child); });
    if (vm) edit.Change<Vm>(child, [&](Vm& v) { v.resource_pool = to; });
    else edit.Change<vim::ResourcePool>(child, [&](vim::ResourcePool& p) { p.parent = to; });
}

rt::Co<vim::Result<>> Pools::Move(vim::call::MoveIntoResourcePool call, const Permit& permit, std::string user) {
    auto now = c_.inventory.Now();
    const vim::ResourcePool* target = Find(*now, call.self);
    if (!target) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    Change change;
    std::vector<std::pair<vim::Ref, vim::Ref>> moves;                    // who, from where
    std::vector<vim::Ref> vms;
    for (const vim::Ref& ref : call.list) {
        if (auto* vm = now->Get<Vm>(ref)) {
            CO_CHECK(permit.Check(call.self, "Resource.AssignVMToPool"));
            if (vm->resource_pool == call.self) continue;
            if (auto held = held_.find(ref.id); held != held_.end()) {
                change.held[ref.id] = held->second;
                change.held[ref.id].pool = call.self.id;
            }
            moves.emplace_back(ref, vm->resource_pool);
            vms.push_back(ref);
            continue;
        }
        const vim::ResourcePool* pool = Find(*now, ref);
        if (!pool) co_return vim::Fault(vim::ManagedObjectNotFound(ref));
        if (ref == host::RootPoolRef()) co_return RootStays("moved");
        CO_CHECK(permit.Check(ref, "Resource.MovePool"));
        CO_CHECK(permit.Check(call.self, "Resource.MovePool"));
        if (pool->parent == call.self) continue;
        if (IsWithin(*now, call.self, ref))
            co_return vim::Fault(vim::InvalidArgument("list"), base::Cat("\"", pool->name, "\" cannot go into itself"));
        CO_CHECK(CheckName(pool->name, call.self, ref));
        CO_CHECK(CheckDepth(DepthOf(*now, call.self) + 1 + HeightOf(*now, ref)));
        change.parents[ref.id] = call.self.id;
        moves.emplace_back(ref, pool->parent);
    }
    if (moves.empty()) co_return vim::Result<>{};
    CO_CHECK(Check(change, call.self.id));
    auto edit = c_.inventory.Begin();
    for (const auto& [ref, from] : moves) Reparent(edit, ref, from, call.self);
    edit.Commit();
    for (const auto& [id, held] : change.held) SetHeld(id, &held);
    PublishRuntime();
    CO_CHECK(KeepAll());
    CO_CHECK(co_await KeepMembers(vms));
    co_await TellBackend();
    for (const vim::Ref& ref : vms) co_await Apply(ref);
    auto then = c_.inventory.Now();
    for (const auto& [ref, from] : moves) {
        if (ref.type->IsA(Vm::kType)) c_.Post(vim::VmResourceReallocatedEvent(), ref, user);
        else if (auto* pool = Find(*then, ref))
            Tell("moved", ref, pool->name, base::Cat("was moved to ", then->Get<vim::ManagedEntity>(call.self)->name),
                 user);
    }
    co_return vim::Result<>{};
}

// --- the end of a pool: what is in it goes to another

rt::Co<vim::Result<>> Pools::Dissolve(vim::Ref ref, vim::Ref into, std::string user) {
    auto now = c_.inventory.Now();
    const vim::ResourcePool* pool = Find(*now, ref);
    if (!pool) co_return vim::Fault(vim::ManagedObjectNotFound(ref));
    Change change;
    change.parents[ref.id] = "";
    for (const vim::Ref& child : pool->resource_pool) {
        const vim::ResourcePool* c = Find(*now, child);
        if (c) CO_CHECK(CheckName(c->name, into, child));
        change.parents[child.id] = into.id;
    }
    for (const auto& [id, held] : held_)
        if (held.pool == ref.id) change.held[id] = {into.id, held.mhz, held.mb};
    CO_CHECK(Check(change, into.id));
    std::string name = pool->name;
    std::vector<vim::Ref> vms = pool->vm;
    auto edit = c_.inventory.Begin();
    for (const vim::Ref& child : pool->resource_pool) Reparent(edit, child, ref, into);
    for (const vim::Ref& vm : vms) Reparent(edit, vm, ref, into);
    edit.Change<vim::ResourcePool>(pool->parent, [&](vim::ResourcePool& p) { std::erase(p.resource_pool, ref); });
    edit.Remove(ref);
    edit.Commit();
    for (const auto& [id, held] : change.held) SetHeld(id, &held);
    PublishRuntime();
    // The members first: a VM of a pool that is no more belongs to the root pool, so it would
    // be lost if hostd ended in between.
    CO_CHECK(co_await KeepMembers(vms));
    CO_CHECK(KeepAll());
    for (const vim::Ref& vm : vms) co_await Apply(vm);
    co_await TellBackend();
    Tell("destroyed", ref, name, "was removed", user);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Pools::DestroyChildren(vim::call::DestroyChildren call, const Permit& permit, std::string user) {
    auto now = c_.inventory.Now();
    if (!Find(*now, call.self)) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    std::vector<vim::Ref> below;
    for (const vim::Ref& ref : InOrder(*now))
        if (!(ref == call.self) && IsWithin(*now, ref, call.self)) below.push_back(ref);
    for (const vim::Ref& ref : below) CO_CHECK(permit.Check(ref, "Resource.DeletePool"));
    for (auto ref = below.rbegin(); ref != below.rend(); ++ref)          // deepest first
        CO_CHECK(co_await Dissolve(*ref, call.self, user));
    co_return vim::Result<>{};
}

// So short that there is nothing to resume: the task is for clients that wait for one.
rt::Co<vim::Result<vim::Ref>> Pools::Quick(const vim::Method& method, vim::Ref pool, std::string user,
                                           std::function<rt::Co<vim::Result<>>()> work) {
    task::Spec spec;
    spec.entity = std::move(pool);
    spec.method = &method;
    spec.user = std::move(user);
    spec.durable = false;
    task::Work run = [work = std::move(work)](task::Progress&) -> rt::Co<vim::Result<vim::Any>> {
        return AsAny(work());
    };
    co_return co_await c_.tasks.Start(std::move(spec), std::move(run));
}

rt::Co<vim::Result<vim::Any>> Pools::AsAny(rt::Co<vim::Result<>> work) {
    CO_CHECK(co_await std::move(work));
    co_return vim::Any();
}

rt::Co<vim::Result<vim::Ref>> Pools::Destroy(vim::call::Destroy call, std::string user, const Permit& permit) {
    auto now = c_.inventory.Now();
    const vim::ResourcePool* pool = Find(*now, call.self);
    if (!pool) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    if (call.self == host::RootPoolRef()) co_return RootStays("destroyed");
    CO_CHECK(permit.Check(call.self, "Resource.DeletePool"));
    auto work = [this, ref = call.self, into = pool->parent, user] { return Dissolve(ref, into, user); };
    co_return co_await Quick(vim::call::Destroy::kMethod, call.self, user, std::move(work));
}

rt::Co<vim::Result<vim::Ref>> Pools::Rename(vim::call::Rename call, std::string user, const Permit& permit) {
    auto now = c_.inventory.Now();
    const vim::ResourcePool* pool = Find(*now, call.self);
    if (!pool) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    if (call.self == host::RootPoolRef()) co_return RootStays("renamed");
    CO_CHECK(permit.Check(call.self, "Resource.RenamePool"));
    CO_CHECK(CheckName(call.new_name, pool->parent, call.self));
    vim::call::UpdateConfig update;
    update.self = call.self;
    update.name = call.new_name;
    auto work = [this, update, user] { return Update(update, Permitted(), user); };
    co_return co_await Quick(vim::call::Rename::kMethod, call.self, user, std::move(work));
}

const Permit& Pools::Permitted() {
    struct Yes final : Permit {
        vim::Result<> Check(const vim::Ref&, std::string_view) const override { return {}; }
    };
    static const Yes kYes;                               // the caller was asked before
    return kYes;
}

}  // namespace vm
