// The arithmetic of resource pools, for one resource (MHz, or MB) at a time. Pure.
//
// A pool with a fixed reservation R holds what fits into R. One that is expandable asks its
// parent for the excess, and so on upwards; every pool on the way keeps its own limit. What a
// pool has reserved counts against its parent whether it is used or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vm {

struct PoolNode {
    std::string id;
    int parent = -1;                     // -1: the root, which is the first
    std::int64_t reservation = 0;
    bool expandable = false;
    std::int64_t limit = -1;             // -1: none
    std::int64_t vms = 0;                // what VMs that run in it have reserved
};

class PoolMath {
public:
    // Parents before their children.
    explicit PoolMath(std::vector<PoolNode> nodes);

    std::int64_t Used(int node) const { return used_[node]; }            // VMs and child pools
    std::int64_t Demand(int node) const;                                 // what its parent sees of it
    std::int64_t Unreserved(int node) const;                             // what could still be reserved in it
    std::int64_t Most(int node) const;                                   // limit, or what is above it
    const PoolNode& at(int node) const { return nodes_[node]; }
    int Find(const std::string& id) const;                               // -1: none

    // The first pool that holds more than it may; nullopt: all is well.
    std::optional<int> Overfull() const;

private:
    std::vector<PoolNode> nodes_;
    std::vector<std::int64_t> used_;
};

}  // namespace vm
