#include "vm/pool_math.h"

#include <algorithm>

namespace vm {

PoolMath::PoolMath(std::vector<PoolNode> nodes) : nodes_(std::move(nodes)), used_(nodes_.size()) {
    for (std::size_t i = nodes_.size(); i-- > 0;) {      // children first
        used_[i] += nodes_[i].vms;
        if (nodes_[i].parent >= 0) used_[nodes_[i].parent] += Demand(static_cast<int>(i));
    }
}

std::int64_t PoolMath::Demand(int node) const { return std::max(nodes_[node].reservation, used_[node]); }

std::int64_t PoolMath::Unreserved(int node) const {
    const PoolNode& n = nodes_[node];
    std::int64_t free = std::max<std::int64_t>(n.reservation - used_[node], 0);
    if (n.parent >= 0 && n.expandable) free += Unreserved(n.parent);
    if (n.limit >= 0) free = std::min(free, std::max<std::int64_t>(n.limit - used_[node], 0));
    return free;
}

std::int64_t PoolMath::Most(int node) const {
    const PoolNode& n = nodes_[node];
    std::int64_t above = n.parent >= 0 ? Most(n.parent) : n.reservation;
    return n.limit >= 0 ? std::min(n.limit, above) : above;
}

int PoolMath::Find(const std::string& id) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].id == id) return static_cast<int>(i);
    return -1;
}

std::optional<int> PoolMath::Overfull() const {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
        const PoolNode& n = nodes_[i];
        bool grows = n.parent >= 0 && n.expandable;
        bool over = (!grows && used_[i] > n.reservation) || (n.limit >= 0 && used_[i] > n.limit);
        if (over) return static_cast<int>(i);
    }
    return {};
}

}  // namespace vm
