#include "vm/snapshot_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "rt/files.h"
#include "vm/disk_files.h"
#include "vm/snapshot_state.h"
#include "vm/tracking.h"

namespace vm {
namespace {

constexpr std::size_t kMaxVmsdBytes = 4u << 20;

std::string Stem(const Home& home) { return home.file.substr(0, home.file.size() - std::string_view(".vmx").size()); }

bool There(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// An absolute path of ours as a datastore path.
std::string DatastoreText(const Home& home, const std::string& absolute) {
    for (const Volume& v : home.volumes)
        if (absolute.starts_with(v.folder + "/"))
            return DatastorePath{v.name, absolute.substr(v.folder.size() + 1)}.Text();
    return absolute;
}

void AddLayers(const std::string& volume, const std::string& descriptor, Layers& out) {
    auto chain = ReadChain(volume, descriptor);
    if (!chain) {
        out.troubles.push_back(std::move(chain).error().message);
        return;
    }
    std::vector<std::string> names;
    for (DiskLink& link : *chain) {
        names.push_back(link.descriptor);
        out.volume[link.descriptor] = volume;
        if (IsShared(link.data)) out.graph.shared.insert(link.descriptor);
        out.links[link.descriptor] = std::move(link);
    }
    out.graph.AddChain(names);
}

// The files of all layers that no disk of the VM uses now.
void AddFiles(const Home& home, const Layers& layers, Loaded& out) {
    std::set<std::string> known;
    for (const FileFact& file : out.files) known.insert(file.path);
    for (const auto& [descriptor, link] : layers.links)
        for (const std::string& file : {link.descriptor, link.data}) {
            std::string path = DatastoreText(home, file);
            if (!known.insert(path).second) continue;
            struct stat s {};
            if (stat(file.c_str(), &s)) continue;
            std::int64_t used = static_cast<std::int64_t>(s.st_blocks) * 512;
            out.files.push_back(
                {path, file == link.data ? "diskExtent" : "diskDescriptor", s.st_size, used, 0, 0, s.st_nlink > 1});
            out.provisioned += used;
        }
}

int KeyOf(const Config& config, const std::string& node) {
    for (const Device& device : config.hardware->device) {
        auto slot = SlotOf(*device);
        if (slot && slot->Word() == node) return device->key;
    }
    return 0;
}

// The sizes, which cannot change under a snapshot, and what the change tracking files say of it.
void FillDisks(const Home& home, std::int64_t uid, const Config& now, Config& config) {
    for (Device& device : config.hardware.Mut().device) {
        if (!device->type().IsA(vim::VirtualDisk::kType)) continue;
        auto* same = dynamic_cast<const vim::VirtualDisk*>(FindDevice(now.hardware->device, device->key));
        auto& disk = static_cast<vim::VirtualDisk&>(device.Mut());
        if (same) disk.capacity_in_kb = same->capacity_in_kb;
        if (same) disk.capacity_in_bytes = same->capacity_in_bytes;
        if (!IsTracked(now, *device)) continue;
        auto& backing = static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(device.Mut().backing.Mut());
        auto located = Locate(home.volumes, backing.file_name);
        std::string id = located ? ChangeIdOf(located->Absolute(), static_cast<std::uint32_t>(uid)) : std::string();
        backing.change_id = id.empty() ? std::nullopt : std::optional(std::move(id));
    }
}

LoadedSnapshot Show(const Home& home, const codec::VmsdSnapshot& entry, const Layers& layers, const Config& now) {
    LoadedSnapshot out{.entry = entry, .config = ConfigOf(home, entry, now)};
    FillDisks(home, entry.uid, now, out.config.Mut());
    for (const codec::VmsdDisk& disk : entry.disks) {
        LoadedSnapshot::Disk shown{.key = KeyOf(*out.config, disk.node), .files = {}};
        for (std::string at = ShownFile(home, disk); layers.links.contains(at);) {
            const DiskLink& link = layers.links.at(at);
            shown.files.insert(shown.files.begin(),
                               {DatastoreText(home, link.descriptor), DatastoreText(home, link.data)});
            at = layers.graph.parent.at(at);
            if (at.empty()) break;
        }
        out.disks.push_back(std::move(shown));
    }
    std::string config =
        entry.memory_file.empty() ? ConfigFileOf(home, entry.uid) : home.Folder() + "/" + entry.memory_file;
    if (There(config)) out.config_file = DatastoreText(home, config);
    if (There(MemoryFileOf(home, entry.uid))) out.memory_file = DatastoreText(home, MemoryFileOf(home, entry.uid));
    out.suspended = IsOfSuspended(home, entry);
    return out;
}

}  // namespace

std::string VmsdFile(const Home& home) { return Stem(home) + ".vmsd"; }
std::string ConfigFileOf(const Home& home, std::int64_t uid) {
    return base::Cat(Stem(home), "-Snapshot", uid, ".vmsn");
}
std::string MemoryFileOf(const Home& home, std::int64_t uid) {
    return base::Cat(Stem(home), "-Snapshot", uid, ".vmem");
}

base::Result<codec::Vmsd> ReadSnapshots(const Home& home) {
    auto text = rt::ReadFile(VmsdFile(home), kMaxVmsdBytes);
    if (!text && text.error().code == base::Code::kNotFound) return codec::Vmsd();
    if (!text) return std::move(text).error();
    auto vmsd = codec::Vmsd::Parse(*text);
    if (!vmsd) return std::move(vmsd).error().While("read " + VmsdFile(home));
    return vmsd;
}

base::Result<> WriteSnapshots(const Home& home, const codec::Vmsd& vmsd) {
    return rt::WriteFileAtomically(VmsdFile(home), vmsd.Text(), 0600);
}

bool HasOwnConfig(const Home& home, std::int64_t uid) { return bool(ReadVmx(ConfigFileOf(home, uid))); }

Config ConfigOf(const Home& home, const codec::VmsdSnapshot& snapshot, const Config& now) {
    if (auto vmx = ReadVmx(ConfigFileOf(home, snapshot.uid)))
        if (auto config = ReadConfig(*vmx, home.vmx, home.volumes)) return *std::move(config);
    Config config = now;
    for (Device& device : config.hardware.Mut().device) {
        auto slot = SlotOf(*device);
        if (!slot || !device->type().IsA(vim::VirtualDisk::kType)) continue;
        for (const codec::VmsdDisk& disk : snapshot.disks)
            if (disk.node == slot->Word())
                static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(device.Mut().backing.Mut()).file_name =
                    ToDatastorePath(home.volumes, home.vmx.Folder(), disk.file);
    }
    return config;
}

bool IsIndependent(const vim::VirtualDevice& disk) {
    auto* backing = disk.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    return backing && backing->disk_mode.starts_with("independent");
}

vim::Result<std::vector<SnapshotDisk>> DisksOf(const Config& config, const VolumeList& volumes) {
    std::vector<SnapshotDisk> out;
    for (const Device& device : config.hardware->device) {
        auto slot = SlotOf(*device);
        if (!slot || !device->type().IsA(vim::VirtualDisk::kType) || IsIndependent(*device)) continue;
        auto located = Locate(volumes, device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()->file_name);
        if (!located) return std::move(located).error();
        out.push_back({device->key, slot->Word(), *std::move(located)});
    }
    return out;
}

std::string ShownFile(const Home& home, const codec::VmsdDisk& disk) {
    auto located = Locate(home.volumes, ToDatastorePath(home.volumes, home.vmx.Folder(), disk.file));
    return located ? located->Absolute() : std::string();
}

Layers ReadLayers(const Home& home, const Config& config, const codec::Vmsd& vmsd) {
    Layers out;
    for (const Device& device : config.hardware->device) {
        auto* file = device->type().IsA(vim::VirtualDisk::kType)
                         ? device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()
                         : nullptr;
        if (!file) continue;
        auto located = Locate(home.volumes, file->file_name);
        if (!located) continue;
        AddLayers(located->volume.folder, located->Absolute(), out);
        out.graph.written.insert(located->Absolute());
    }
    for (const codec::VmsdSnapshot& snapshot : vmsd.snapshots)
        for (const codec::VmsdDisk& disk : snapshot.disks) {
            auto located = Locate(home.volumes, ToDatastorePath(home.volumes, home.vmx.Folder(), disk.file));
            if (!located) {
                out.troubles.push_back(base::Cat("snapshot \"", snapshot.name, "\": ", located.error().message()));
                continue;
            }
            out.graph.shown.insert(located->Absolute());
            if (!out.links.contains(located->Absolute())) AddLayers(located->volume.folder, located->Absolute(), out);
        }
    return out;
}

void LoadSnapshots(const Home& home, Loaded& out) {
    auto vmsd = ReadSnapshots(home);
    if (!vmsd) {
        out.troubles.push_back(std::move(vmsd).error().message);
        return;
    }
    Layers layers = ReadLayers(home, out.config, *vmsd);
    AddFiles(home, layers, out);
    for (const std::string& trouble : layers.troubles)
        if (std::find(out.troubles.begin(), out.troubles.end(), trouble) == out.troubles.end())
            out.troubles.push_back(trouble);
    out.current_snapshot = vmsd->current;
    for (const codec::VmsdSnapshot& entry : vmsd->snapshots)
        out.snapshots.push_back(Show(home, entry, layers, out.config));
    out.needs_consolidation = !PlanMerges(layers.graph).empty();
}

}  // namespace vm
