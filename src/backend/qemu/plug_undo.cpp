#include "backend/qemu/plug_undo.h"

#include "backend/qemu/command_line.h"
#include "base/text.h"

namespace backend::qemu {

std::string IdOf(std::string_view words) {
    for (std::string_view word : base::Split(words, ','))
        if (word.starts_with("id=")) return std::string(word.substr(3));
    return {};
}

// A node can go once nothing uses it: those above go first.
rt::Co<void> Undo(qmp::Client& qemu, PlugUndo undo) {
    for (auto node = undo.nodes.rbegin(); node != undo.nodes.rend(); ++node) {
        std::string name = *node;
        (void)co_await qmp::DeleteNode(qemu, std::move(name));
    }
    for (std::string& id : undo.netdevs) (void)co_await qmp::DeleteNetdev(qemu, std::move(id));
    for (std::string& id : undo.objects) (void)co_await qmp::DeleteObject(qemu, std::move(id));
    for (std::int64_t set : undo.sets) (void)co_await qmp::RemoveFd(qemu, set);
}

rt::Co<void> ClearLeavings(qmp::Client& qemu, Part part) {
    PlugUndo undo;
    if (auto* nic = std::get_if<NicSpec>(&part)) undo.netdevs.push_back(base::Cat("net-", nic->key));
    if (auto* dimm = std::get_if<DimmSpec>(&part)) undo.objects.push_back(base::Cat("mem-", dimm->slot));
    auto* disk = std::get_if<DiskSpec>(&part);
    if (!disk) {
        co_await Undo(qemu, std::move(undo));
        co_return;
    }
    auto nodes = co_await qmp::QueryNodes(qemu);
    std::string top = base::Cat("disk-", disk->key), below = top + "-";
    if (nodes)
        for (const std::string& name : *nodes)
            if (name == top || name.starts_with(below)) undo.nodes.push_back(name);
    // Those above others are not known here: a few rounds clear any order.
    for (std::size_t round = 1; round < undo.nodes.size(); ++round) {
        PlugUndo again{.nodes = undo.nodes};
        co_await Undo(qemu, std::move(again));
    }
    auto sets = co_await qmp::QueryFdSets(qemu);
    if (sets)
        for (std::int64_t set : *sets)
            if (set / kSetsPerDisk == disk->key) undo.sets.push_back(set);
    co_await Undo(qemu, std::move(undo));
}

}  // namespace backend::qemu
