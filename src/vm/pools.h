// Resource pools: a tree below the host's root pool. Who may take how much, admission when a
// VM is powered on, and what the backend is told of it.
//
// The inventory has the tree itself; a file keeps it. Which pool a VM is in stands in the
// list of VMs, so that both are kept in one write.
#pragma once

#include <map>

#include "vim/gen/calls_entity.h"
#include "vm/context.h"
#include "vm/pool_math.h"

namespace vm {

class Pools {
public:
    using Keep = std::function<base::Result<>(std::string text)>;
    explicit Pools(Context& context) : c_(context) {}

    // At start, before the VMs are loaded: the pools that were kept. What makes no sense is
    // left out, and said.
    void Load(const std::string& path, Keep keep);
    // Once VMs and tasks are settled: what runs now, told to the backend as well.
    rt::Co<void> Settle();

    rt::Co<vim::Result<vim::Ref>> Create(vim::call::CreateResourcePool call, std::string user);
    rt::Co<vim::Result<>> Update(vim::call::UpdateConfig call, const Permit& permit, std::string user);
    rt::Co<vim::Result<>> UpdateChildren(vim::call::UpdateChildResourceConfiguration call, const Permit& permit,
                                         std::string user);
    rt::Co<vim::Result<>> Move(vim::call::MoveIntoResourcePool call, const Permit& permit, std::string user);
    rt::Co<vim::Result<>> DestroyChildren(vim::call::DestroyChildren call, const Permit& permit, std::string user);
    rt::Co<vim::Result<vim::Ref>> Destroy(vim::call::Destroy call, std::string user, const Permit& permit);
    rt::Co<vim::Result<vim::Ref>> Rename(vim::call::Rename call, std::string user, const Permit& permit);
    vim::Result<vim::Ptr<vim::ResourceConfigOption>> ConfigOption() const;
    vim::Result<> Refresh(const vim::call::RefreshRuntime& call);

    // Admission. Hold() before a VM is started, whether it may be; Release() when it no longer
    // runs. Both may be called again and again.
    vim::Result<> Hold(const vim::Ref& vm);
    void Take(const vim::Ref& vm);                       // it runs, whether it should or not
    void Release(const vim::Ref& vm);
    // Whether a VM that runs may have these allocations; and, once it has them, what follows.
    vim::Result<> CheckChange(const vim::Ref& vm, const Config& config) const;
    rt::Co<void> Apply(vim::Ref vm);
    // The tree, with what each pool keeps of memory for the VMs in it, and the weight of their disks.
    rt::Co<void> TellBackend();
    void TellSoon();                                     // once for many changes in a row
    // What the pools' VMs use, all together; after each look at them.
    struct Use {
        std::int64_t mhz = 0, resident_mb = 0, guest_mb = 0;
    };
    void PublishUsage(const std::function<void(const vim::Ref& pool, const Use&)>& tell);

    static std::string BackendPool(const vim::Ref& pool);                // "" : the root
    static backend::Resources ResourcesOf(const Config& config);

private:
    struct Held {
        std::string pool;
        std::int64_t mhz = 0, mb = 0;
        int disk_shares = 0;
    };
    using Settings = vim::Ptr<vim::ResourceConfigSpec>;

    const vim::ResourcePool* Find(const inventory::Snapshot& now, const vim::Ref& pool) const;
    Held HeldFor(const Vm& vm, const Config& config) const;
    std::vector<vim::Ref> InOrder(const inventory::Snapshot& now) const;  // parents before children
    // One of both resources, as the inventory has it, with changes that are only thought of.
    struct Change {
        std::map<std::string, Settings> configs;          // other settings, by pool
        std::map<std::string, std::string> parents;      // other places; "" : the pool is gone
        std::map<std::string, Held> held;                // other reservations, by VM
    };
    PoolMath Math(bool memory, const Change& change) const;
    vim::Result<> Check(const Change& change, const std::string& pool) const;
    vim::Result<> CheckName(const std::string& name, const vim::Ref& parent, const vim::Ref& except) const;
    vim::Result<Settings> Merge(const vim::ResourceConfigSpec& asked, const vim::ResourceConfigSpec& had) const;
    vim::Result<> KeepAll();
    rt::Co<vim::Result<>> KeepMembers(std::vector<vim::Ref> vms);
    void PublishRuntime();
    void Reparent(inventory::Edit& edit, const vim::Ref& child, const vim::Ref& from, const vim::Ref& to);
    rt::Co<vim::Result<>> Dissolve(vim::Ref pool, vim::Ref into, std::string user);
    vim::Ref AddPool(inventory::Edit& edit, const std::string& id, const std::string& name, const vim::Ref& parent,
                     Settings config);
    void Tell(std::string_view what, const vim::Ref& pool, const std::string& name, std::string words,
              const std::string& user);
    vim::Ref NewId();
    rt::Co<vim::Result<vim::Ref>> Quick(const vim::Method& method, vim::Ref pool, std::string user,
                                        std::function<rt::Co<vim::Result<>>()> work);
    static rt::Co<vim::Result<vim::Any>> AsAny(rt::Co<vim::Result<>> work);
    static const Permit& Permitted();
    rt::Co<vim::Result<>> Allocate(vim::Ref vm, Settings wanted, std::string user);

    Context& c_;
    Keep keep_;
    std::int64_t next_ = 1;
    void SetHeld(const std::string& vm, const Held* held);   // null: nothing any more

    struct Total {
        std::int64_t mhz = 0, mb = 0;
        int disk_shares = 0;
    };
    std::map<std::string, Total> totals_;                // of held_, by pool
    std::map<std::string, Held> held_;                   // by id of the VM
    bool telling_ = false;
};

// No limit is -1; a limit and a reservation have the unit of the setting: MHz or MB.
backend::Allocation AllocationOf(const vim::ResourceAllocationInfo& a);

}  // namespace vm
