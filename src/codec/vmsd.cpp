#include "codec/vmsd.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "codec/vmdk.h"
#include "codec/vmx.h"

namespace codec {

namespace {

constexpr std::int64_t kMaxSnapshots = 1024;   // VMware stops at 32 in a chain
constexpr std::int64_t kMaxDisks = 256;
constexpr std::int64_t kWithMemory = 1;        // the value of snapshotN.type

base::Error Bad(std::string words) { return {base::Code::kInvalid, std::move(words)}; }

// A number in its bounds.
base::Result<std::int64_t> Number(const Vmx& vmx, const std::string& key, std::int64_t most) {
    TRY(number, vmx.GetInt(key, 0));
    if (number < 0 || number > most) return Bad(base::Cat(key, " = ", number, " is out of range"));
    return number;
}

// Microseconds since 1970 in two signed halves.
base::Result<base::Time> Created(const Vmx& vmx, const std::string& at) {
    TRY(high, vmx.GetInt(at + "createTimeHigh", 0));
    TRY(low, vmx.GetInt(at + "createTimeLow", 0));
    auto micros = std::int64_t(std::uint64_t(high) << 32 | std::uint32_t(low));
    return base::Time{base::Duration{micros}};
}

base::Result<VmsdSnapshot> ReadSnapshot(const Vmx& vmx, std::int64_t index) {
    auto at = base::Cat("snapshot", index, '.');
    VmsdSnapshot s;
    TRY(uid, Number(vmx, at + "uid", INT32_MAX));
    TRY(parent, Number(vmx, at + "parent", INT32_MAX));
    TRY(type, vmx.GetInt(at + "type", 0));
    TRY(created, Created(vmx, at));
    TRY(disks, Number(vmx, at + "numDisks", kMaxDisks));
    if (uid == 0) return Bad(at + "uid is missing");
    s.uid = uid;
    s.parent = parent;
    s.with_memory = type == kWithMemory;
    s.quiesced = base::EqualNoCase(vmx.Get(at + "quiesced"), "true");
    s.created = created;
    s.memory_file = vmx.Get(at + "filename");
    s.name = vmx.Get(at + "displayName");
    s.description = vmx.Get(at + "description");
    if (!s.memory_file.empty()) CHECK(CheckExtentName(s.memory_file));
    for (std::int64_t i = 0; i < disks; ++i) {
        auto disk = base::Cat(at, "disk", i, '.');
        s.disks.push_back({vmx.Get(disk + "node"), vmx.Get(disk + "fileName")});
    }
    return s;
}

// Sorts parents before children; what is left over hangs on nothing or in a circle.
base::Result<std::vector<VmsdSnapshot>> InOrder(std::vector<VmsdSnapshot> all) {
    std::unordered_map<std::int64_t, std::vector<std::size_t>> children;
    std::unordered_map<std::int64_t, bool> known;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!known.emplace(all[i].uid, true).second) return Bad(base::Cat("two snapshots have uid ", all[i].uid));
        children[all[i].parent].push_back(i);
    }
    std::vector<std::size_t> order = children[0];
    for (std::size_t at = 0; at < order.size(); ++at) {
        const auto& below = children[all[order[at]].uid];
        order.insert(order.end(), below.begin(), below.end());
    }
    if (order.size() != all.size()) return Bad("a snapshot whose parent is not there, or is below it");
    std::vector<VmsdSnapshot> out;
    for (std::size_t i : order) out.push_back(std::move(all[i]));
    return out;
}

void WriteSnapshot(Vmx& vmx, const VmsdSnapshot& s, std::size_t index) {
    auto at = base::Cat("snapshot", index, '.');
    auto micros = s.created.time_since_epoch().count();
    vmx.SetInt(at + "uid", s.uid);
    if (!s.memory_file.empty()) vmx.Set(at + "filename", s.memory_file);
    if (s.parent) vmx.SetInt(at + "parent", s.parent);
    vmx.Set(at + "displayName", s.name);
    if (!s.description.empty()) vmx.Set(at + "description", s.description);
    if (s.with_memory) vmx.SetInt(at + "type", kWithMemory);
    if (s.quiesced) vmx.Set(at + "quiesced", "TRUE");
    vmx.SetInt(at + "createTimeHigh", micros >> 32);
    vmx.SetInt(at + "createTimeLow", std::int32_t(micros));
    vmx.SetInt(at + "numDisks", std::int64_t(s.disks.size()));
    for (std::size_t i = 0; i < s.disks.size(); ++i) {
        vmx.Set(base::Cat(at, "disk", i, ".fileName"), s.disks[i].file);
        vmx.Set(base::Cat(at, "disk", i, ".node"), s.disks[i].node);
    }
}

}  // namespace

base::Result<Vmsd> Vmsd::Parse(std::string_view bytes) {
    TRY(vmx, Vmx::Parse(bytes));
    Vmsd out;
    TRY(last, Number(vmx, "snapshot.lastUID", INT32_MAX));
    TRY(current, Number(vmx, "snapshot.current", INT32_MAX));
    TRY(count, Number(vmx, "snapshot.numSnapshots", kMaxSnapshots));
    std::vector<VmsdSnapshot> all;
    for (std::int64_t i = 0; i < count; ++i) {
        TRY(snapshot, ReadSnapshot(vmx, i));
        last = std::max(last, snapshot.uid);
        all.push_back(std::move(snapshot));
    }
    TRY(ordered, InOrder(std::move(all)));
    out.snapshots = std::move(ordered);
    out.last_uid = last;
    out.current = current;
    if (current && !out.Find(current)) return Bad(base::Cat("snapshot.current = ", current, " is not there"));
    return out;
}

std::string Vmsd::Text() const {
    Vmx vmx;
    vmx.Set(".encoding", "UTF-8");
    vmx.SetInt("snapshot.lastUID", last_uid);
    if (current) vmx.SetInt("snapshot.current", current);
    vmx.SetInt("snapshot.numSnapshots", std::int64_t(snapshots.size()));
    for (std::size_t i = 0; i < snapshots.size(); ++i) WriteSnapshot(vmx, snapshots[i], i);
    return vmx.Text();
}

const VmsdSnapshot* Vmsd::Find(std::int64_t uid) const {
    auto it = std::find_if(snapshots.begin(), snapshots.end(), [&](const VmsdSnapshot& s) { return s.uid == uid; });
    return it == snapshots.end() ? nullptr : &*it;
}

}  // namespace codec
