#include "vm/layer_graph.h"

namespace vm {
namespace {

std::map<std::string, std::vector<std::string>> ChildrenOf(const LayerGraph& graph) {
    std::map<std::string, std::vector<std::string>> out;
    for (const auto& [layer, parent] : graph.parent)
        if (!parent.empty()) out[parent].push_back(layer);
    return out;
}

}  // namespace

void LayerGraph::AddChain(const std::vector<std::string>& links) {
    for (std::size_t i = 0; i < links.size(); ++i) parent[links[i]] = i ? links[i - 1] : std::string();
}

std::vector<MergePlan> PlanMerges(const LayerGraph& graph) {
    auto children = ChildrenOf(graph);
    auto surplus = [&](const std::string& layer) {
        auto below = children.find(layer);
        return below != children.end() && below->second.size() == 1 && !graph.shown.contains(layer) &&
               !graph.written.contains(layer) && !graph.shared.contains(layer);
    };
    std::vector<MergePlan> out;
    for (const auto& [layer, parent] : graph.parent) {
        if (!surplus(layer) || (!parent.empty() && surplus(parent))) continue;     // not the lowest of its row
        MergePlan plan{.into = layer, .from = children[layer].front(), .between = {}};
        while (surplus(plan.from)) {
            plan.between.push_back(plan.from);
            plan.from = children[plan.from].front();
        }
        out.push_back(std::move(plan));
    }
    return out;
}

std::vector<std::string> DeadEnds(const LayerGraph& graph) {
    std::vector<std::string> out;
    auto children = ChildrenOf(graph);
    std::set<std::string> gone;
    for (bool more = true; more;) {
        more = false;
        for (const auto& [layer, parent] : graph.parent) {
            if (gone.contains(layer) || graph.shown.contains(layer) || graph.written.contains(layer)) continue;
            bool end = true;
            for (const std::string& child : children[layer]) end = end && gone.contains(child);
            if (!end) continue;
            gone.insert(layer);
            out.push_back(layer);
            more = true;
        }
    }
    return out;
}

}  // namespace vm
