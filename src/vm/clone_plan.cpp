#include "vm/clone_plan.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "vm/customization_state.h"
#include "vm/disk_chain.h"
#include "vm/identity.h"
#include "vm/move_plan.h"

namespace vm {
namespace {

constexpr std::int64_t kSmallFiles = 1 << 20;            // what descriptors and the like take

// Lines about the source's own files and place.
constexpr std::string_view kDropped[] = {"nvram",           "extendedConfigFile",     "uuid.action",
                                         "migrate.hostLog", "sched.swap.derivedName", kPackageKey,
                                         kCustomizationKey};

std::int64_t UsedBytes(const std::vector<DiskLink>& chain) {
    std::int64_t out = 0;
    for (const DiskLink& link : chain) {
        struct stat found {};
        if (stat(link.data.c_str(), &found) == 0) out += static_cast<std::int64_t>(found.st_blocks) * 512;
    }
    return out;
}

bool Beside(const std::string& text, const DatastorePath& other) {
    auto path = DatastorePath::Parse(text);
    return path && path->Folder() == other.Folder();
}

class Planner {
public:
    Planner(const Loaded& loaded, const Home& home, const CloneWish& wish)
        : loaded_(loaded), home_(home), wish_(wish), stem_(wish.vmx.WithSuffix(".vmx", "").Name()) {}

    vim::Result<ClonePlan> Run() {
        CHECK(FindSource());
        plan_.config = *source_;
        BecomeAnother();
        for (Device& device : plan_.config.hardware.Mut().device) {
            if (device->type().IsA(vim::VirtualDisk::kType)) CHECK(TakeDisk(device));
            else KeepFilesApart(device);
        }
        TakeVariables();
        return std::move(plan_);
    }

private:
    vim::Result<> FindSource() {
        if (!wish_.snapshot) {
            source_ = &loaded_.config;
            return {};
        }
        for (const LoadedSnapshot& s : loaded_.snapshots)
            if (s.entry.uid == wish_.snapshot) snapshot_ = &s;
        if (!snapshot_) return vim::Fault(vim::NotFound(), "the snapshot is gone");
        source_ = snapshot_->config.get();
        return {};
    }

    void BecomeAnother() {
        Config& config = plan_.config;
        config.name = wish_.name;
        GiveNewIdentity(config);
        config.location_id = LocationOf(wish_.vmx, home_.volumes);
        std::erase_if(config.extra_config, [](const auto& option) {
            return std::any_of(std::begin(kDropped), std::end(kDropped),
                               [&](std::string_view key) { return base::EqualNoCase(option->key, key); });
        });
    }

    // What the firmware and the TPM keep; the firmware's as the snapshot has it.
    void TakeVariables() {
        const std::string stem = home_.vmx.WithSuffix(".vmx", "").Name();
        const std::string then = snapshot_ ? base::Cat("-Snapshot", snapshot_->entry.uid, ".nvram") : std::string();
        std::map<std::string, std::string> found;        // by what follows the stem
        for (const FileFact& file : loaded_.files)
            if (auto path = DatastorePath::Parse(file.path); path && file.type == "nvram")
                found[path->Name().substr(stem.size())] = file.path;
        for (const auto& [suffix, file] : found) {
            if (suffix.starts_with("-Snapshot")) continue;
            bool as_then = suffix == ".nvram" && found.contains(then);
            plan_.others.emplace_back(as_then ? found[then] : file, (wish_.vmx.Folder() / (stem_ + suffix)).Text());
        }
    }

    // A port that writes into a file of the source's folder writes into one of its own.
    void KeepFilesApart(Device& device) {
        auto* port =
            device->type().IsA(vim::VirtualSerialPort::kType) || device->type().IsA(vim::VirtualParallelPort::kType)
                ? device->backing.As<vim::VirtualDeviceFileBackingInfo>()
                : nullptr;
        if (!port || !Beside(port->file_name, home_.vmx)) return;
        auto& file = static_cast<vim::VirtualDeviceFileBackingInfo&>(device.Mut().backing.Mut());
        file.file_name = (wish_.vmx.Folder() / DatastorePath::Parse(file.file_name)->Name()).Text();
    }

    // The descriptor that holds the content: as the snapshot shows it, whatever its name was then.
    std::string ContentOf(const vim::VirtualDevice& device) const {
        if (snapshot_)
            for (const LoadedSnapshot::Disk& disk : snapshot_->disks)
                if (disk.key == device.key && disk.files.size() >= 2) return disk.files[disk.files.size() - 2];
        auto* backing = device.backing.As<vim::VirtualDeviceFileBackingInfo>();
        return backing ? backing->file_name : std::string();
    }

    vim::Result<> TakeDisk(Device& device) {
        std::string content = ContentOf(*device);
        auto source = Locate(home_.volumes, content);
        if (!source) return std::move(source).error();
        auto chain = ReadChain(source->volume.folder, source->Absolute());
        if (!chain) return vim::Fault(vim::InvalidDiskFormat(), std::move(chain).error().message);
        const codec::VmdkDescriptor& base = chain->front().text;
        auto asked = wish_.disks.find(device->key);
        std::optional<bool> thin = asked == wish_.disks.end() ? wish_.thin : asked->second.thin;
        vim::Ref datastore = asked == wish_.disks.end() ? wish_.datastore : asked->second.datastore;
        TRY(volume, UsableVolume(home_.volumes, datastore ? datastore : source->volume.datastore));
        ClonedDisk disk{.key = device->key, .source = *source, .path = {}, .makes = {}};
        disk.capacity_kb = static_cast<std::int64_t>(base.Sectors()) / 2;
        disk.thin = thin.value_or(base.Ddb("thinProvisioned") == "1");
        disk.linked = wish_.linked && !IsOwn(*device);
        disk.adapter = base.Ddb("adapterType", "lsilogic");
        disk.path = NextName(*volume);
        disk.makes = {disk.path};
        disk.bytes = disk.linked ? kSmallFiles : disk.thin ? UsedBytes(*chain) : disk.capacity_kb * 1024;
        if (disk.linked) CHECK(Link(disk, *chain, *volume));
        Name(device, disk, *volume);
        plan_.disks.push_back(std::move(disk));
        return {};
    }

    // A disk that snapshots leave alone has no layer of its own above what it shares.
    static bool IsOwn(const vim::VirtualDevice& device) {
        auto* backing = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
        return backing && backing->disk_mode.starts_with("independent");
    }

    vim::Result<> Link(ClonedDisk& disk, const std::vector<DiskLink>& chain, const Volume& volume) {
        if (volume.name != disk.source.volume.name) {
            vim::InvalidDatastore fault;
            fault.datastore = volume.datastore;
            fault.name = volume.name;
            return vim::Fault(std::move(fault),
                              base::Cat("a linked clone shares the files of its source: its disk ", disk.key,
                                        " must stay on datastore \"", disk.source.volume.name, "\""));
        }
        if (chain.size() > kMaxSnapshotDepth)
            return vim::Fault(vim::TooManySnapshotLevels(),
                              base::Cat("disk ", disk.key, " has ", chain.size(),
                                        " layers already, which is the most there can be; make a full clone"));
        for (std::size_t i = 1; i <= chain.size(); ++i) disk.makes.push_back(SharedLinkName(disk.path, i));
        DatastorePath folder = DatastorePath::Parse(disk.path)->Folder();
        for (const DiskLink& link : chain)
            disk.shares.push_back((folder / link.data.substr(link.data.rfind('/') + 1)).Text());
        std::vector<std::string> names = disk.shares;
        auto top = Locate(home_.volumes, disk.makes.back());
        if (top) names.push_back((folder / DeltaOf(top->path.Name())).Text());
        for (const std::string& name : names)
            if (!taken_.insert(name).second)
                return vim::Fault(
                    vim::FileAlreadyExists(name),
                    base::Cat(name, " would be two of its files; make a full clone, or give it another name"));
        return {};
    }

    void Name(Device& device, const ClonedDisk& disk, const Volume& volume) const {
        auto& backing = static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(device.Mut().backing.Mut());
        backing.file_name = disk.makes.back();
        backing.datastore = volume.datastore;
        backing.change_id = std::nullopt;
        backing.parent = nullptr;
        if (!disk.linked) return;
        vim::VirtualDiskFlatVer2BackingInfo below = backing;     // it is there, whatever its details are
        below.file_name = disk.makes[disk.makes.size() - 2];
        backing.parent = std::move(below);
    }

    // "web2.vmdk", "web2_1.vmdk" ... beside the .vmx, on other datastores in a folder of the same name.
    std::string NextName(const Volume& volume) {
        std::string name = base::Cat(stem_, count_ ? base::Cat('_', count_) : std::string(), ".vmdk");
        ++count_;
        if (volume.name == wish_.vmx.datastore) return (wish_.vmx.Folder() / name).Text();
        auto [folder, fresh] = folders_.try_emplace(volume.name);
        if (fresh) folder->second = FreshFolder(volume, wish_.vmx.Folder().Name());
        plan_.new_folders.insert(folder->second.Text());
        return (folder->second / name).Text();
    }

    const Loaded& loaded_;
    const Home& home_;
    const CloneWish& wish_;
    const std::string stem_;
    const LoadedSnapshot* snapshot_ = nullptr;
    const Config* source_ = nullptr;
    ClonePlan plan_;
    int count_ = 0;
    std::map<std::string, DatastorePath> folders_;       // by datastore
    std::set<std::string> taken_;
};

}  // namespace

std::map<std::string, std::int64_t> ClonePlan::Needs() const {
    std::map<std::string, std::int64_t> out;
    for (const ClonedDisk& disk : disks)
        if (auto path = DatastorePath::Parse(disk.path)) out[path->datastore] += disk.bytes + kSmallFiles;
    return out;
}

vim::Result<ClonePlan> PlanClone(const Loaded& loaded, const Home& home, const CloneWish& wish) {
    return Planner(loaded, home, wish).Run();
}

void DropUnused(ClonePlan& plan) {
    std::erase_if(plan.disks, [&](const ClonedDisk& disk) {
        auto* device = FindDevice(plan.config.hardware->device, disk.key);
        auto* backing = device ? device->backing.As<vim::VirtualDeviceFileBackingInfo>() : nullptr;
        return !backing || backing->file_name != disk.makes.back();
    });
}

}  // namespace vm
