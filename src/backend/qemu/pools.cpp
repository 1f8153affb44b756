// Machine: where VMs stand among each other.
#include "backend/qemu/cgroup.h"
#include "backend/qemu/machine.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

struct Moved {
    std::vector<std::string> groups;
    bool elsewhere = false;          // than before
};

// The process goes first into its new groups, then the old ones are empty.
base::Result<Moved> MoveTo(const std::vector<std::string>& parents, const std::string& pool, const RunRecord& record,
                           const Resources& resources, int core_mhz) {
    Moved out;
    TRY(groups, MakeCgroups(parents, pool, record.vm));
    for (const std::string& group : groups) ApplyResources(group, resources, core_mhz);
    out.elsewhere = groups != record.cgroups;
    if (out.elsewhere) {
        CHECK(EnterCgroups(groups, record.pid));
        RemoveCgroups(record.cgroups);
    }
    out.groups = std::move(groups);
    return out;
}

}  // namespace

rt::Co<base::Result<>> Machine::Stand(Vm vm, Standing standing) {
    std::string id = vm->record().vm;
    std::string path = pools_.PathOf(standing.pool);
    auto move = [parents = cgroup_parents_, path, record = vm->record(), resources = standing.resources,
                 mhz = options_.core_mhz] { return MoveTo(parents, path, record, resources, mhz); };
    standings_[id] = std::move(standing);
    if (cgroup_parents_.empty()) co_return base::Result<>{};
    CO_TRY(moved, co_await pool_.Run(std::move(move)));
    if (!moved.elsewhere || vm->ended()) co_return base::Result<>{};
    vm->MutableRecord().cgroups = std::move(moved.groups);
    co_return vm->dir().Write(vm->record());
}

rt::Co<base::Result<>> Machine::SetResources(std::string vm, std::string pool, Resources resources) {
    CO_TRY(running, Find(vm));
    if (!pools_.Has(pool)) co_return base::Error{base::Code::kNotFound, base::Cat("there is no resource pool ", pool)};
    Standing standing{std::move(pool), std::move(resources)};
    co_return co_await Stand(running, std::move(standing));
}

// New places first, then the VMs, then the places that nobody needs any more.
rt::Co<base::Result<>> Machine::SetPools(std::vector<PoolSpec> pools) {
    CO_TRY(tree, PoolTree::Make(std::move(pools)));
    PoolTree before = std::exchange(pools_, std::move(tree));
    if (cgroup_parents_.empty()) co_return base::Result<>{};
    auto make = [parents = cgroup_parents_, tree = pools_, mhz = options_.core_mhz] {
        return MakePools(parents, tree, mhz);
    };
    CO_CHECK(co_await pool_.Run(std::move(make)));
    std::vector<Vm> moving;
    for (const auto& [id, vm] : vms_)
        if (auto at = standings_.find(id);
            at != standings_.end() && before.PathOf(at->second.pool) != pools_.PathOf(at->second.pool))
            moving.push_back(vm);
    for (const Vm& vm : moving) {
        auto at = standings_.find(vm->record().vm);
        if (at == standings_.end()) continue;
        Standing standing = at->second;
        if (!pools_.Has(standing.pool)) standing.pool.clear();
        if (auto stood = co_await Stand(vm, std::move(standing)); !stood)
            base::LogWarning(vm->record().vm, stood.error().message);
    }
    auto remove = [parents = cgroup_parents_, tree = pools_] {
        RemoveStalePools(parents, tree);
        return true;
    };
    co_await pool_.Run(std::move(remove));
    co_return base::Result<>{};
}

}  // namespace backend::qemu
