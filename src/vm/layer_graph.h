// Which layers of disks nobody needs any more, and how they are merged. A pure function of
// the tree that the descriptors of a VM make.
//
// A layer is needed when a snapshot shows it, when the VM writes it, when a linked clone has it
// too, or when two layers or more hang on it. Of a layer that is not, the one child is merged into it and takes its
// place; so the file that is written first grows, and no content of a snapshot changes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vm {

struct LayerGraph {
    std::map<std::string, std::string> parent;           // descriptor -> the one beneath it; "" : a base
    std::set<std::string> shown;                         // by snapshots
    std::set<std::string> written;                       // by the VM
    std::set<std::string> shared;                        // with a linked clone, so nothing is merged into them

    void AddChain(const std::vector<std::string>& from_the_base_up);
};

// `from` and what lies between are merged into `into`, then all that names `from` names it.
struct MergePlan {
    std::string into, from;
    std::vector<std::string> between;                    // from the lowest up
    bool operator==(const MergePlan&) const = default;
};

// In the order in which they are to be done; none touches a layer of another.
std::vector<MergePlan> PlanMerges(const LayerGraph& graph);
// Layers that are only there because they were written once: the end of a branch that no
// snapshot shows and the VM does not write. They are removed.
std::vector<std::string> DeadEnds(const LayerGraph& graph);

}  // namespace vm
