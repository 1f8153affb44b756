// What is seen of resource pools: their runtime and usage, and the backend's control groups.
#include "base/log.h"
#include "host/ids.h"
#include "host/queries.h"
#include "vm/pools.h"

namespace vm {

static vim::Ptr<vim::ResourcePoolResourceUsage> UsageOf(const PoolMath& math, int at, std::int64_t unit,
                                                        std::int64_t overall) {
    vim::ResourcePoolResourceUsage u;
    u.reservation_used = math.Used(at) * unit;
    u.reservation_used_for_vm = math.at(at).vms * unit;
    u.unreserved_for_pool = u.unreserved_for_vm = math.Unreserved(at) * unit;
    u.max_usage = math.Most(at) * unit;
    u.overall_usage = overall;
    return u;
}

void Pools::PublishRuntime() {
    auto now = c_.inventory.Now();
    PoolMath cpu = Math(false, {}), memory = Math(true, {});
    auto edit = c_.inventory.Begin();
    for (const vim::Ref& ref : InOrder(*now)) {
        const vim::ResourcePool* p = Find(*now, ref);
        int at = cpu.Find(ref.id);
        if (!p || at < 0) continue;
        vim::ResourcePoolRuntimeInfo runtime;
        runtime.cpu = UsageOf(cpu, at, 1, p->runtime->cpu->overall_usage);
        runtime.memory = UsageOf(memory, at, 1 << 20, p->runtime->memory->overall_usage);
        bool full = cpu.Overfull() == at || memory.Overfull() == at;
        runtime.overall_status = full ? vim::ManagedEntityStatus::kRed : vim::ManagedEntityStatus::kGreen;
        if (vim::Equal(p->runtime.get(), &runtime)) continue;
        edit.Change<vim::ResourcePool>(ref, [&](vim::ResourcePool& pool) {
            pool.overall_status = runtime.overall_status;
            pool.runtime = std::move(runtime);
            pool.summary.Mut().runtime = pool.runtime;
        });
    }
    edit.Commit();
}

void Pools::PublishUsage(const std::function<void(const vim::Ref& pool, const Use&)>& tell) {
    auto now = c_.inventory.Now();
    std::map<std::string, Use> used;
    std::vector<vim::Ref> order = InOrder(*now);
    for (const auto& [id, held] : held_)
        if (auto* vm = now->Get<Vm>({&Vm::kType, id}); vm && vm->summary->quick_stats) {
            const auto& q = *vm->summary->quick_stats;
            Use& u = used[held.pool];
            u.mhz += q.overall_cpu_usage.value_or(0);
            u.resident_mb += q.host_memory_usage.value_or(0);
            u.guest_mb += q.guest_memory_usage.value_or(0);
        }
    auto edit = c_.inventory.Begin();
    for (std::size_t i = order.size(); i-- > 0;) {       // children first: their parents have it too
        const vim::ResourcePool* p = Find(*now, order[i]);
        if (!p) continue;
        Use u = used[order[i].id];
        if (order[i] != host::RootPoolRef()) {
            Use& above = used[p->parent.id];
            above.mhz += u.mhz, above.resident_mb += u.resident_mb, above.guest_mb += u.guest_mb;
        }
        if (tell) tell(order[i], u);
        if (p->runtime->cpu->overall_usage == u.mhz && p->runtime->memory->overall_usage == u.resident_mb << 20)
            continue;
        edit.Change<vim::ResourcePool>(order[i], [&](vim::ResourcePool& pool) {
            auto& runtime = pool.runtime.Mut();
            runtime.cpu.Mut().overall_usage = u.mhz;
            runtime.memory.Mut().overall_usage = u.resident_mb << 20;
            auto& summary = pool.summary.Mut();
            summary.runtime = pool.runtime;
            auto& q = summary.quick_stats.Mut();
            q.overall_cpu_usage = q.overall_cpu_demand = u.mhz;
            q.host_memory_usage = q.private_memory = u.resident_mb;
            q.guest_memory_usage = u.guest_mb;
        });
    }
    edit.Commit();
}

rt::Co<void> Pools::TellBackend() {
    auto now = c_.inventory.Now();
    PoolMath cpu = Math(false, {}), memory = Math(true, {});
    std::vector<backend::PoolSpec> specs;
    std::map<std::string, int> disk_shares;              // with those of the pools below
    std::vector<vim::Ref> order = InOrder(*now);
    for (auto ref = order.rbegin(); ref != order.rend(); ++ref) {
        auto own = totals_.find(ref->id);
        int sum = disk_shares[ref->id] += own == totals_.end() ? 0 : own->second.disk_shares;
        if (const vim::ResourcePool* p = Find(*now, *ref)) disk_shares[p->parent.id] += sum;
    }
    for (const vim::Ref& ref : order) {
        const vim::ResourcePool* p = Find(*now, ref);
        int at = cpu.Find(ref.id);
        if (!p || at < 0 || ref == host::RootPoolRef()) continue;
        backend::PoolSpec spec{.id = ref.id, .parent = BackendPool(p->parent), .resources = {}};
        spec.resources.cpu = AllocationOf(*p->config->cpu_allocation);
        spec.resources.memory = AllocationOf(*p->config->memory_allocation);
        spec.resources.memory.reservation = memory.Demand(at);           // what is kept below is bounded by this
        spec.resources.disk_shares = disk_shares[ref.id];
        specs.push_back(std::move(spec));
    }
    if (auto set = co_await c_.hypervisor.SetPools(std::move(specs)); !set)
        base::LogWarning("pools",
                         "the control groups of resource pools are not as they should be: " + set.error().message);
}

rt::Co<void> Pools::Settle() {
    held_.clear();
    totals_.clear();
    std::vector<vim::Ref> running;
    auto now = c_.inventory.Now();
    for (const auto& [id, record] : c_.records) {
        auto* vm = now->Get<Vm>(record.ref);
        if (!vm || !vm->config || vm->runtime->power_state != PowerState::kPoweredOn) continue;
        Held held = HeldFor(*vm, *vm->config);
        SetHeld(id, &held);
        running.push_back(record.ref);
    }
    PublishRuntime();
    co_await TellBackend();
    for (const vim::Ref& ref : running) co_await Apply(ref);
}

vim::Result<> Pools::Refresh(const vim::call::RefreshRuntime& call) {
    if (!Find(*c_.inventory.Now(), call.self)) return vim::Fault(vim::ManagedObjectNotFound(call.self));
    PublishRuntime();
    PublishUsage(nullptr);
    return {};
}

vim::Result<vim::Ptr<vim::ResourceConfigOption>> Pools::ConfigOption() const {
    auto option = [](std::int32_t usual) {
        vim::ResourceAllocationOption o;
        auto& shares = o.shares_option.Mut();
        shares.shares_option.Mut().min = 0;
        shares.shares_option.Mut().max = 1'000'000;
        shares.shares_option.Mut().default_value = usual;
        shares.default_level = vim::SharesLevel::kNormal;
        return o;
    };
    vim::ResourceConfigOption out;
    out.cpu_allocation_option = option(4000);
    out.memory_allocation_option = option(163'840);
    return vim::Ptr<vim::ResourceConfigOption>(std::move(out));
}

}  // namespace vm
