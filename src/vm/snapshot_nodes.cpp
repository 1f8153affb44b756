#include "vm/snapshot_nodes.h"

#include <set>

#include "base/text.h"

namespace vm {
namespace {

vim::VirtualMachineSnapshotTree TreeOf(const vim::Ref& vm, const LoadedSnapshot& snapshot,
                                       const std::vector<LoadedSnapshot>& all) {
    const codec::VmsdSnapshot& entry = snapshot.entry;
    vim::VirtualMachineSnapshotTree tree;
    tree.snapshot = SnapshotRef(vm, entry.uid);
    tree.vm = vm;
    tree.name = entry.name;
    tree.description = entry.description;
    tree.id = static_cast<std::int32_t>(entry.uid);
    tree.create_time = entry.created;
    tree.state = snapshot.suspended  ? PowerState::kSuspended
                 : entry.with_memory ? PowerState::kPoweredOn
                                     : PowerState::kPoweredOff;
    tree.quiesced = entry.quiesced;
    tree.replay_supported = false;
    for (const LoadedSnapshot& other : all)
        if (other.entry.parent == entry.uid) tree.child_snapshot_list.push_back(TreeOf(vm, other, all));
    return tree;
}

// Keys of files by their names.
using Keys = std::map<std::string, std::int32_t>;

std::int32_t KeyOf(const Keys& keys, const std::string& file) {
    auto found = keys.find(file);
    return found == keys.end() ? -1 : found->second;
}

vim::VirtualMachineFileLayoutExSnapshotLayout LayoutOf(const vim::Ref& vm, const LoadedSnapshot& snapshot,
                                                       const Keys& keys) {
    vim::VirtualMachineFileLayoutExSnapshotLayout out;
    out.key = SnapshotRef(vm, snapshot.entry.uid);
    out.data_key = KeyOf(keys, snapshot.config_file);
    out.memory_key = KeyOf(keys, snapshot.memory_file);
    for (const LoadedSnapshot::Disk& shown : snapshot.disks) {
        vim::VirtualMachineFileLayoutExDiskLayout disk;
        disk.key = shown.key;
        for (std::size_t i = 0; i + 1 < shown.files.size(); i += 2) {
            vim::VirtualMachineFileLayoutExDiskUnit unit;
            unit.file_key = {KeyOf(keys, shown.files[i]), KeyOf(keys, shown.files[i + 1])};
            disk.chain.push_back(std::move(unit));
        }
        out.disk.push_back(std::move(disk));
    }
    return out;
}

void TakeLayouts(Vm& vm, const Loaded& loaded) {
    Keys keys;
    for (const auto& file : vm.layout_ex->file) keys[file->name] = file->key;
    std::vector<vim::Ptr<vim::VirtualMachineFileLayoutSnapshotLayout>> plain;
    std::vector<vim::Ptr<vim::VirtualMachineFileLayoutExSnapshotLayout>> whole;
    for (const LoadedSnapshot& snapshot : loaded.snapshots) {
        whole.push_back(LayoutOf(vm.self, snapshot, keys));
        vim::VirtualMachineFileLayoutSnapshotLayout layout;
        layout.key = SnapshotRef(vm.self, snapshot.entry.uid);
        for (const std::string& file : {snapshot.config_file, snapshot.memory_file})
            if (!file.empty()) layout.snapshot_file.push_back(file);
        for (const LoadedSnapshot::Disk& disk : snapshot.disks)
            for (std::size_t i = 0; i < disk.files.size(); i += 2) layout.snapshot_file.push_back(disk.files[i]);
        plain.push_back(std::move(layout));
    }
    vm.layout.Mut().snapshot = std::move(plain);
    vm.layout_ex.Mut().snapshot = std::move(whole);
}

}  // namespace

vim::Ref SnapshotRef(const vim::Ref& vm, std::int64_t uid) {
    return {&vim::VirtualMachineSnapshot::kType, base::Cat(vm.id, "-snapshot-", uid)};
}

std::int64_t SnapshotUid(const vim::Ref& vm, const vim::Ref& snapshot) {
    std::string start = vm.id + "-snapshot-";
    if (!snapshot.id.starts_with(start)) return 0;
    return base::ToInt(std::string_view(snapshot.id).substr(start.size())).value_or(0);
}

void TakeSnapshots(Vm& vm, const Loaded& loaded) {
    vm.runtime.Mut().consolidation_needed = loaded.needs_consolidation;
    vm.root_snapshot.clear();
    vm.snapshot = nullptr;
    TakeLayouts(vm, loaded);
    if (loaded.snapshots.empty()) return;
    vim::VirtualMachineSnapshotInfo info;
    if (loaded.current_snapshot) info.current_snapshot = SnapshotRef(vm.self, loaded.current_snapshot);
    for (const LoadedSnapshot& snapshot : loaded.snapshots) {
        if (snapshot.entry.parent) continue;
        info.root_snapshot_list.push_back(TreeOf(vm.self, snapshot, loaded.snapshots));
        vm.root_snapshot.push_back(SnapshotRef(vm.self, snapshot.entry.uid));
    }
    vm.snapshot = std::move(info);
}

// Of those that the VM has until now, parents first.
static std::vector<vim::Ref> ObjectsOf(const inventory::Edit& edit, const vim::Ref& vm) {
    const Vm* now = edit.Get<Vm>(vm);
    std::vector<vim::Ref> all = now ? now->root_snapshot : std::vector<vim::Ref>();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (auto* node = edit.Get<vim::VirtualMachineSnapshot>(all[i]))
            all.insert(all.end(), node->child_snapshot.begin(), node->child_snapshot.end());
    return all;
}

void PlaceSnapshots(inventory::Edit& edit, const vim::Ref& vm, const Loaded& loaded) {
    std::set<std::string> stay;
    std::vector<vim::VirtualMachineSnapshot> nodes;
    for (const LoadedSnapshot& snapshot : loaded.snapshots) {
        vim::VirtualMachineSnapshot node;
        node.self = SnapshotRef(vm, snapshot.entry.uid);
        node.vm = vm;
        node.config = snapshot.config;
        for (const LoadedSnapshot& other : loaded.snapshots)
            if (other.entry.parent == snapshot.entry.uid)
                node.child_snapshot.push_back(SnapshotRef(vm, other.entry.uid));
        stay.insert(node.self.id);
        nodes.push_back(std::move(node));
    }
    for (const vim::Ref& ref : ObjectsOf(edit, vm))
        if (!stay.contains(ref.id)) edit.Remove(ref);
    for (vim::VirtualMachineSnapshot& node : nodes) {
        vim::Ref self = node.self;
        if (edit.Get<vim::VirtualMachineSnapshot>(self))
            edit.Change<vim::VirtualMachineSnapshot>(self, [&](auto& now) { now = std::move(node); });
        else edit.Add(vim::Ptr<vim::ManagedObject>(std::move(node)));
    }
}

void RemoveSnapshots(inventory::Edit& edit, const vim::Ref& vm) {
    for (const vim::Ref& ref : ObjectsOf(edit, vm)) edit.Remove(ref);
}

}  // namespace vm
