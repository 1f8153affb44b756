// Resource pools as control groups: a pool is a folder "pool-<id>" below its parent's, and a
// VM's group lies in that of its pool. What reservations, limits and shares become there:
//
//              version 2                       version 1
//   shares     cpu.weight                      cpu.shares
//   CPU limit  cpu.max                         cpu.cfs_quota_us
//   reserved   memory.min                      -
//   mem. limit memory.high                     -
//   of disks   io.weight, io.bfq.weight        blkio.bfq.weight, blkio.weight
//
// A processor reservation has no place in the kernel: admission keeps it, and shares. A
// memory limit of version 1 would kill, not hold back, so it is not set. Weights of disks act where
// the disk below has a scheduler that knows of them (bfq, or iocost with version 2).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backend/hypervisor.h"

namespace backend::qemu {

// Where a VM stands.
struct Standing {
    std::string pool;
    Resources resources;
    bool operator==(const Standing&) const = default;
};

class PoolTree {
public:
    // kInvalid: a name that cannot be a folder's, a parent that is not there before its child.
    static base::Result<PoolTree> Make(std::vector<PoolSpec> pools);

    bool Has(const std::string& pool) const { return pool.empty() || paths_.contains(pool); }
    // "pool-a/pool-b"; "" of the host itself.
    std::string PathOf(const std::string& pool) const;
    const std::vector<PoolSpec>& pools() const { return pools_; }

private:
    std::vector<PoolSpec> pools_;
    std::map<std::string, std::string> paths_;
};

// The value of one file, for tests and for a person.
int WeightOf(int shares);                                        // cpu.weight; of disks: io.weight
std::string QuotaOf(std::int64_t limit_mhz, int core_mhz);       // cpu.max

// Writes into a group whatever of its files is there.
void ApplyResources(const std::string& group, const Resources& resources, int core_mhz);

// Makes the folders of all pools below each of `parents` and gives them their values.
base::Result<> MakePools(const std::vector<std::string>& parents, const PoolTree& tree, int core_mhz);
// Removes the folders of pools that are no more; those with something in them stay.
void RemoveStalePools(const std::vector<std::string>& parents, const PoolTree& tree);

}  // namespace backend::qemu
