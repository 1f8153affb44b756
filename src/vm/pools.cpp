#include "vm/pools.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/queries.h"
#include "vim/gen/event.h"
#include "vm/names.h"

namespace vm {
namespace {

constexpr std::size_t kMostRounds = 16;
constexpr std::int64_t kPoolCpus = 4, kPoolMemoryMb = 16'384;            // the VM whose shares a pool has

vim::Fault Invalid(std::string_view property, std::string words) {
    return vim::Fault(vim::InvalidArgument(std::string(property)), std::move(words));
}

}  // namespace

backend::Allocation AllocationOf(const vim::ResourceAllocationInfo& a) {
    return {.reservation = a.reservation.value_or(0),
            .limit = a.limit.value_or(-1),
            .shares = a.shares ? a.shares->shares : 0};
}

static int DiskSharesOf(const Config& config) {
    int sum = 0;
    if (!config.hardware) return sum;
    for (const auto& device : config.hardware->device) {
        auto* disk = device.As<vim::VirtualDisk>();
        if (disk && disk->storage_io_allocation && disk->storage_io_allocation->shares)
            sum += disk->storage_io_allocation->shares->shares;
    }
    return sum;
}

std::string Pools::BackendPool(const vim::Ref& pool) {
    return !pool || pool == host::RootPoolRef() ? std::string() : pool.id;
}

backend::Resources Pools::ResourcesOf(const Config& config) {
    return {.cpu = AllocationOf(*config.cpu_allocation),
            .memory = AllocationOf(*config.memory_allocation),
            .disk_shares = DiskSharesOf(config)};
}

const vim::ResourcePool* Pools::Find(const inventory::Snapshot& now, const vim::Ref& pool) const {
    return now.Get<vim::ResourcePool>(pool);
}

std::vector<vim::Ref> Pools::InOrder(const inventory::Snapshot& now) const {
    std::vector<vim::Ref> out{host::RootPoolRef()};
    for (std::size_t i = 0; i < out.size(); ++i)
        if (const vim::ResourcePool* p = Find(now, out[i]))
            out.insert(out.end(), p->resource_pool.begin(), p->resource_pool.end());
    return out;
}

// --- arithmetic

Pools::Held Pools::HeldFor(const Vm& vm, const Config& config) const {
    Held h;
    h.pool = vm.resource_pool ? vm.resource_pool.id : host::RootPoolRef().id;
    h.mhz = config.cpu_allocation->reservation.value_or(0);
    h.mb = config.memory_allocation->reservation.value_or(0);
    h.disk_shares = DiskSharesOf(config);
    const Record* record = c_.Find(vm.self);
    if (!record || record->file.empty()) return h;       // an imagined VM needs no memory of its own
    std::int64_t guest = std::int64_t{config.hardware->memory_mb} << 20;
    h.mb += host::MemoryOverhead(guest, 4096, config.hardware->num_cpu) >> 20;
    return h;
}

PoolMath Pools::Math(bool memory, const Change& change) const {
    auto now = c_.inventory.Now();
    std::vector<PoolNode> nodes;
    std::map<std::string, int> places;
    std::map<std::string, std::int64_t> vms;
    for (const auto& [pool, total] : totals_) vms[pool] = memory ? total.mb : total.mhz;
    for (const auto& [id, other] : change.held) {
        if (auto had = held_.find(id); had != held_.end())
            vms[had->second.pool] -= memory ? had->second.mb : had->second.mhz;
        vms[other.pool] += memory ? other.mb : other.mhz;
    }
    std::vector<vim::Ref> waiting = InOrder(*now);
    for (std::size_t round = 0; !waiting.empty() && round < kMostRounds; ++round) {
        std::vector<vim::Ref> later;                     // whose parent is thought to be another, further on
        for (const vim::Ref& ref : waiting) {
            const vim::ResourcePool* p = Find(*now, ref);
            if (!p) continue;
            auto moved = change.parents.find(ref.id);
            if (moved != change.parents.end() && moved->second.empty()) continue;
            std::string parent = moved == change.parents.end() ? p->parent.id : moved->second;
            bool root = ref == host::RootPoolRef();
            if (!root && !places.contains(parent)) {
                later.push_back(ref);
                continue;
            }
            auto other = change.configs.find(ref.id);
            const auto& config = other == change.configs.end() ? *p->config : *other->second;
            const auto& a = memory ? *config.memory_allocation : *config.cpu_allocation;
            places[ref.id] = static_cast<int>(nodes.size());
            nodes.push_back({.id = ref.id,
                             .parent = root ? -1 : places[parent],
                             .reservation = a.reservation.value_or(0),
                             .expandable = a.expandable_reservation.value_or(true),
                             .limit = a.limit.value_or(-1),
                             .vms = vms[ref.id]});
        }
        waiting = std::move(later);
    }
    return PoolMath(std::move(nodes));
}

// What was too much before may go on; what is asked for must not make it so.
vim::Result<> Pools::Check(const Change& change, const std::string& pool) const {
    for (bool memory : {false, true}) {
        PoolMath before = Math(memory, {}), after = Math(memory, change);
        auto over = after.Overfull();
        if (!over || before.Overfull()) continue;
        int at = before.Find(pool), then = after.Find(pool);
        std::int64_t unreserved = at >= 0 ? before.Unreserved(at) : 0;
        std::int64_t grown = then >= 0 ? after.Used(then) - (at >= 0 ? before.Used(at) : 0) : 0;
        std::int64_t requested = std::max<std::int64_t>(grown, unreserved + 1);
        auto now = c_.inventory.Now();
        const vim::ResourcePool* full = Find(*now, host::RefTo<vim::ResourcePool>(after.at(*over).id));
        std::string words = base::Cat("resource pool \"", full ? full->name : after.at(*over).id, "\" has not enough ",
                                      memory ? "memory" : "processor capacity", " left to reserve: ", requested,
                                      memory ? " MB" : " MHz", " are needed, ", unreserved,
                                      " are free; lower a reservation, power something off or enlarge the pool");
        if (memory) {
            vim::InsufficientMemoryResourcesFault fault;
            fault.unreserved = unreserved << 20;
            fault.requested = requested << 20;
            return vim::Fault(std::move(fault), std::move(words));
        }
        vim::InsufficientCpuResourcesFault fault;
        fault.unreserved = unreserved;
        fault.requested = requested;
        return vim::Fault(std::move(fault), std::move(words));
    }
    return {};
}

vim::Result<> Pools::Hold(const vim::Ref& ref) {
    auto vm = c_.Get(ref);
    if (!vm || !vm->config) return {};
    Held wanted = HeldFor(*vm, *vm->config);
    if (!held_.contains(ref.id) && (wanted.mhz || wanted.mb)) {
        Change change;
        change.held[ref.id] = wanted;
        CHECK(Check(change, wanted.pool));
    }
    Take(ref);
    return {};
}

void Pools::Take(const vim::Ref& ref) {
    auto vm = c_.Get(ref);
    if (!vm || !vm->config) return;
    Held held = HeldFor(*vm, *vm->config);
    SetHeld(ref.id, &held);
    if (held.mhz || held.mb) PublishRuntime();
}

void Pools::Release(const vim::Ref& vm) {
    auto had = held_.find(vm.id);
    if (had == held_.end()) return;
    bool any = had->second.mhz || had->second.mb;
    SetHeld(vm.id, nullptr);
    if (any) PublishRuntime();
}

// The sums follow, so that a host with thousands of VMs does not add them up each time.
void Pools::SetHeld(const std::string& vm, const Held* held) {
    if (auto had = held_.find(vm); had != held_.end()) {
        Total& total = totals_[had->second.pool];
        total.mhz -= had->second.mhz, total.mb -= had->second.mb, total.disk_shares -= had->second.disk_shares;
        if (had->second.pool != host::RootPoolRef().id) TellSoon();
        held_.erase(had);
    }
    if (!held) return;
    Total& total = totals_[held->pool];
    total.mhz += held->mhz, total.mb += held->mb, total.disk_shares += held->disk_shares;
    if (held->pool != host::RootPoolRef().id) TellSoon();
    held_[vm] = *held;
}

// Shares of disks count among all machines of the host: a pool weighs as much as what runs in it.
void Pools::TellSoon() {
    if (!c_.spawn || std::exchange(telling_, true)) return;
    auto tell = [](Pools& pools) -> rt::Co<void> {
        pools.telling_ = false;
        co_await pools.TellBackend();
    };
    c_.spawn(tell(*this));
}

vim::Result<> Pools::CheckChange(const vim::Ref& ref, const Config& config) const {
    auto vm = c_.Get(ref);
    auto had = held_.find(ref.id);
    if (!vm || had == held_.end()) return {};
    Held wanted = HeldFor(*vm, config);
    if (wanted.mhz <= had->second.mhz && wanted.mb <= had->second.mb) return {};
    Change change;
    change.held[ref.id] = wanted;
    return Check(change, wanted.pool);
}

rt::Co<void> Pools::Apply(vim::Ref ref) {
    auto vm = c_.Get(ref);
    auto had = held_.find(ref.id);
    if (!vm || !vm->config || had == held_.end()) co_return;
    Held held = HeldFor(*vm, *vm->config);
    SetHeld(ref.id, &held);
    PublishRuntime();
    backend::Resources resources = ResourcesOf(*vm->config);
    auto set = co_await c_.hypervisor.SetResources(ref.id, BackendPool(vm->resource_pool), resources);
    if (!set) base::LogWarning("vm " + ref.id, "its resources are not applied: " + set.error().message);
}

// --- names and settings

vim::Result<> Pools::CheckName(const std::string& name, const vim::Ref& parent, const vim::Ref& except) const {
    CHECK(CheckNameOf("a resource pool", name, parent));
    auto now = c_.inventory.Now();
    const vim::ResourcePool* above = Find(*now, parent);
    for (const vim::Ref& sibling : above ? above->resource_pool : std::vector<vim::Ref>()) {
        const vim::ResourcePool* p = Find(*now, sibling);
        if (!p || p->name != name || sibling == except) continue;
        vim::DuplicateName fault;
        fault.name = name;
        fault.object = sibling;
        return vim::Fault(std::move(fault), base::Cat("there is a resource pool \"", name, "\" there already"));
    }
    return {};
}

static vim::Result<> MergeAllocation(const vim::ResourceAllocationInfo* asked, std::string_view property, int low,
                                     std::int64_t units, vim::ResourceAllocationInfo& into) {
    if (asked) {
        if (asked->reservation) into.reservation = asked->reservation;
        if (asked->expandable_reservation) into.expandable_reservation = asked->expandable_reservation;
        if (asked->limit) into.limit = asked->limit;
        if (asked->shares) into.shares = asked->shares;
    }
    if (into.reservation.value_or(0) < 0 || into.limit.value_or(-1) < -1 ||
        (into.limit.value_or(-1) >= 0 && *into.limit < into.reservation.value_or(0)))
        return Invalid(property, base::Cat(property, ": the limit must be -1 (none) or at least the reservation"));
    if (into.shares->shares < 0 || into.shares->shares > 1'000'000)
        return Invalid(property, base::Cat(property, ".shares.shares can be 0 to 1000000"));
    into.shares = SharesFor(into.shares->level, into.shares->shares, low, units);
    return {};
}

vim::Result<Pools::Settings> Pools::Merge(const vim::ResourceConfigSpec& asked,
                                          const vim::ResourceConfigSpec& had) const {
    Settings out(had);
    auto& c = out.Mut();
    CHECK(MergeAllocation(asked.cpu_allocation.get(), "spec.cpuAllocation", kCpuSharesLow, kPoolCpus,
                          c.cpu_allocation.Mut()));
    CHECK(MergeAllocation(asked.memory_allocation.get(), "spec.memoryAllocation", kMemorySharesLow, kPoolMemoryMb,
                          c.memory_allocation.Mut()));
    c.last_modified = c_.timer.Now();
    c.change_version = base::FormatTime(*c.last_modified);
    return out;
}

vim::Ref Pools::AddPool(inventory::Edit& edit, const std::string& id, const std::string& name, const vim::Ref& parent,
                        Settings config) {
    vim::ResourcePool p;
    p.self = host::RefTo<vim::ResourcePool>(id);
    p.parent = parent;
    p.owner = host::ComputeResourceRef();
    p.name = name;
    p.overall_status = p.config_status = vim::ManagedEntityStatus::kGreen;
    config.Mut().entity = p.self;
    p.config = config;
    p.runtime.Mut().overall_status = vim::ManagedEntityStatus::kGreen;
    p.runtime.Mut().cpu.Mut();
    p.runtime.Mut().memory.Mut();
    auto& summary = p.summary.Mut();
    summary.name = name;
    summary.config = p.config;
    summary.runtime = p.runtime;
    summary.configured_memory_mb = static_cast<std::int32_t>(p.config->memory_allocation->reservation.value_or(0));
    vim::Ref ref = p.self;
    edit.Add(std::move(p));
    edit.Change<vim::ResourcePool>(parent, [&](vim::ResourcePool& above) { above.resource_pool.push_back(ref); });
    return ref;
}

vim::Ref Pools::NewId() { return host::RefTo<vim::ResourcePool>(base::Cat("pool", next_++)); }

}  // namespace vm
