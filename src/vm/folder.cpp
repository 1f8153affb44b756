#include "vm/folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "rt/files.h"
#include "vm/disk_files.h"
#include "vm/snapshot_files.h"
#include "vm/tracking.h"

namespace vm {
namespace {

struct Size {
    std::int64_t bytes = 0, allocated = 0;
    bool there = false, shared = false;
};

Size SizeOf(const std::string& path) {
    struct stat s {};
    if (stat(path.c_str(), &s)) return {};
    return {s.st_size, static_cast<std::int64_t>(s.st_blocks) * 512, true, s.st_nlink > 1};
}

base::Time ModifiedAt(const std::string& path) {
    struct stat s {};
    if (stat(path.c_str(), &s)) return {};
    return base::Time(std::chrono::seconds(s.st_mtim.tv_sec) + std::chrono::microseconds(s.st_mtim.tv_nsec / 1000));
}

std::vector<std::string> NamesIn(const std::string& folder) {
    std::vector<std::string> out;
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    while (dir)
        if (const dirent* entry = readdir(dir.get())) out.emplace_back(entry->d_name);
        else break;
    std::sort(out.begin(), out.end());
    return out;
}

// What a file beside the .vmx is, by its name; "" : none of the VM's.
std::string_view TypeByName(std::string_view name, std::string_view stem) {
    auto is = [&](std::string_view suffix) { return name == std::string(stem) + std::string(suffix); };
    if (is(".nvram") || is(".nvram.foreign") || is(".tpm")) return "nvram";
    if (is(".vmsd")) return "snapshotList";
    if (is(".vmxf") || is("-ovfenv.iso") || is("-cidata.iso")) return "extendedConfig";
    bool of_snapshot = name.starts_with(std::string(stem) + "-Snapshot");
    if (of_snapshot && name.ends_with(".vmsn")) return "snapshotData";
    if (of_snapshot && name.ends_with(".vmem")) return "snapshotMemory";
    if (of_snapshot && name.ends_with(".nvram")) return "nvram";
    if (name.ends_with(".vmss") && name.starts_with(stem)) return "suspend";
    if (name.ends_with(".vswp") && name.starts_with(stem)) return "swap";
    if (name.ends_with(".png") && name.starts_with(std::string(stem) + "-")) return "screenshot";
    if (name == "vmware.log" || name == "serial.log" || name == "qemu.log") return "log";
    if (name == "serial-1.log" || name == "qemu-1.log") return "log";
    if (name.starts_with("vmware-") && name.ends_with(".log")) return "log";
    return {};
}

// The base grows to its size and no further; what overlays will come to, nobody knows.
void AddDiskFiles(const Located& disk, const DiskFacts& facts, int key, Loaded& out) {
    int link = 0;
    for (const DiskFacts::Link& files : facts.links) {
        auto add = [&](const std::string& name, const char* type) {
            DatastorePath path = disk.path.Folder() / name;
            Size size = SizeOf(disk.volume.folder + "/" + path.path);
            out.files.push_back({path.Text(), type, size.bytes, size.allocated, key, link, size.shared});
            return size.allocated;
        };
        out.provisioned += add(files.descriptor, "diskDescriptor");
        std::int64_t used = add(files.data, "diskExtent");
        out.provisioned += link == 0 ? facts.capacity_kb * 1024 : used;
        ++link;
    }
}

// What lies beneath, as clients see it: each file's parent within it.
void AddParents(const Located& disk, const DiskFacts& facts, vim::VirtualDiskFlatVer2BackingInfo& backing) {
    vim::Ptr<vim::VirtualDiskFlatVer2BackingInfo> below;
    for (std::size_t i = 0; i + 1 < facts.links.size(); ++i) {
        vim::VirtualDiskFlatVer2BackingInfo parent = backing;
        parent.file_name = (disk.path.Folder() / facts.links[i].descriptor).Text();
        parent.content_id = std::nullopt;
        parent.parent = std::move(below);
        below = std::move(parent);
    }
    backing.parent = std::move(below);
    if (facts.links.size() > 1) backing.delta_disk_format = "redoLogFormat";
}

void InspectDisks(const Home& home, Loaded& out) {
    for (Device& device : out.config.hardware.Mut().device) {
        if (!device->type().IsA(vim::VirtualDisk::kType)) continue;
        auto& disk = static_cast<vim::VirtualDisk&>(device.Mut());
        auto& backing = static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(disk.backing.Mut());
        auto located = Locate(home.volumes, backing.file_name);
        if (!located) {
            out.troubles.push_back(located.error().message());
            continue;
        }
        auto facts = InspectDisk(located->volume.folder, located->Absolute());
        if (!facts) {
            out.troubles.push_back(std::move(facts).error().message);
            continue;
        }
        disk.capacity_in_kb = facts->capacity_kb;
        disk.capacity_in_bytes = facts->capacity_kb * 1024;
        disk.disk_object_id = base::Cat("1-", disk.key);
        backing.thin_provisioned = facts->thin;
        backing.uuid = facts->uuid.empty() ? std::nullopt : std::optional(facts->uuid);
        backing.content_id = facts->content_id.empty() ? std::nullopt : std::optional(facts->content_id);
        backing.digest_enabled = false;
        std::string change_id = IsTracked(out.config, disk) ? ChangeIdOf(located->Absolute()) : std::string();
        backing.change_id = change_id.empty() ? std::nullopt : std::optional(std::move(change_id));
        AddParents(*located, *facts, backing);
        AddDiskFiles(*located, *facts, disk.key, out);
    }
    CompleteDevices(out.config.hardware.Mut().device);
}

// A state is of use while no disk was written after it: the guest may have gone on since. What
// lies beside, for other snapshots, does not count.
bool StateIsFresh(const Loaded& loaded, const std::string& state, const VolumeList& volumes) {
    base::Time saved = ModifiedAt(state);
    for (const FileFact& file : loaded.files) {
        if (file.type != "diskExtent" || file.disk_key == 0) continue;
        auto located = Locate(volumes, file.path);
        if (located && ModifiedAt(located->Absolute()) > saved) return false;
    }
    return true;
}

}  // namespace

std::string StateFileOf(const Home& home) {
    return home.file.substr(0, home.file.size() - std::string_view(".vmx").size()) + ".vmss";
}

base::Result<codec::Vmx> ReadVmx(const std::string& file) {
    TRY(text, rt::ReadFile(file, kMaxVmxBytes));
    auto vmx = codec::Vmx::Parse(text);
    if (!vmx) return std::move(vmx).error().While("read " + file);
    return vmx;
}

std::vector<FileFact> ListFiles(const Home& home, const Config&) {
    std::vector<FileFact> out;
    Size vmx = SizeOf(home.file);
    out.push_back({home.vmx.Text(), "config", vmx.bytes, vmx.allocated, 0, 0});
    std::string stem = home.vmx.WithSuffix(".vmx", "").Name();
    for (const std::string& name : NamesIn(home.Folder())) {
        std::string_view type = TypeByName(name, stem);
        if (type.empty()) continue;
        Size size = SizeOf(home.Folder() + "/" + name);
        out.push_back({(home.vmx.Folder() / name).Text(), std::string(type), size.bytes, size.allocated, 0, 0});
    }
    return out;
}

base::Result<Loaded> LoadFolder(const Home& home) {
    const Volume* volume = FindVolume(home.volumes, home.vmx.datastore);
    if (volume && !StaysWithin(volume->folder, home.file))
        return base::Error{base::Code::kInvalid, home.vmx.Text() + " leads out of its datastore by a link"};
    TRY(vmx, ReadVmx(home.file));
    auto config = ReadConfig(vmx, home.vmx, home.volumes);
    if (!config) return std::move(config).error().While("read " + home.vmx.Text());
    Loaded out{.config = *std::move(config),
               .files = {},
               .provisioned = 0,
               .suspended = false,
               .state_file = {},
               .troubles = {}};
    out.config.modified = ModifiedAt(home.file);
    out.config.change_version = base::FormatTime(out.config.modified);
    for (const Volume& v : home.volumes)
        if (v.name == home.vmx.datastore) {
            vim::VirtualMachineConfigInfoDatastoreUrlPair pair;
            pair.name = v.name;
            pair.url = "/vmfs/volumes/" + v.id;
            out.config.datastore_url.push_back(std::move(pair));
        }
    out.files = ListFiles(home, out.config);
    for (const FileFact& f : out.files) out.provisioned += f.allocated;
    InspectDisks(home, out);
    LoadSnapshots(home, out);
    std::string state = vmx.Get(kSuspendKey);
    if (!state.empty() && state.find('/') == std::string::npos && SizeOf(home.Folder() + "/" + state).there) {
        out.state_file = home.Folder() + "/" + state;
        out.suspended_at = ModifiedAt(out.state_file);
        out.suspended = StateIsFresh(out, out.state_file, home.volumes);
        if (!out.suspended)
            out.troubles.push_back(base::Cat("a disk was written after ", state,
                                             " was saved, so the virtual machine cannot go on from it"));
    }
    return out;
}

base::Result<std::string> VmxText(const Home& home, const Config& config) {
    auto vmx = ReadVmx(home.file);
    if (!vmx && vmx.error().code != base::Code::kNotFound) return std::move(vmx).error();
    codec::Vmx text = vmx ? *std::move(vmx) : NewVmx();
    WriteConfig(config, home.vmx, home.volumes, text);
    return text.Text();
}

base::Result<> SaveConfig(const Home& home, const Config& config) {
    TRY(text, VmxText(home, config));
    return rt::WriteFileAtomically(home.file, text, 0600);
}

base::Result<> SetVmxLine(const std::string& file, std::string_view key, std::string_view value) {
    TRY(vmx, ReadVmx(file));
    if (value.empty() ? !vmx.Find(key) : vmx.Get(key) == value) return {};
    if (value.empty()) vmx.Remove(key);
    else vmx.Set(key, value);
    return rt::WriteFileAtomically(file, vmx.Text(), 0600);
}

}  // namespace vm
