#include "vm/move_plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "vm/ctk_file.h"
#include "vm/disk_files.h"

namespace vm {

vim::Result<const Volume*> UsableVolume(const VolumeList& volumes, const vim::Ref& datastore) {
    const Volume* volume = FindVolume(volumes, datastore);
    if (!volume) return vim::Fault(vim::ManagedObjectNotFound(datastore), "there is no datastore " + datastore.id);
    if (volume->accessible) return volume;
    vim::InaccessibleDatastore fault;
    fault.datastore = datastore;
    fault.name = volume->name;
    return vim::Fault(std::move(fault), base::Cat("the datastore \"", volume->name, "\" cannot be reached"));
}

DatastorePath FreshFolder(const Volume& volume, const std::string& name) {
    DatastorePath out{volume.name, name};
    for (int n = 1; access((volume.folder + "/" + out.path).c_str(), F_OK) == 0; ++n)
        out.path = base::Cat(name, '_', n);
    return out;
}

namespace {

class Planner {
public:
    Planner(const Loaded& loaded, const Home& home, const MoveWish& wish)
        : loaded_(loaded), home_(home), wish_(wish), here_(FindVolume(home.volumes, home.vmx.datastore)) {}

    vim::Result<MovePlan> Run() {
        plan_.vmx = home_.vmx;
        if (wish_.datastore) CHECK(MoveHome());
        for (const FileFact& file : loaded_.files) {
            CHECK(Take(file));
            if (file.type == "diskDescriptor" && IsBackingOf(file)) CHECK(TakeTracking(file));
        }
        std::stable_partition(plan_.files.begin(), plan_.files.end(),
                              [this](const MovedFile& f) { return f.from == home_.vmx.Text(); });
        CHECK(CheckSnapshots());
        CHECK(CheckForms());
        return std::move(plan_);
    }

private:
    vim::Result<> MoveHome() {
        TRY(volume, UsableVolume(home_.volumes, wish_.datastore));
        if (volume == here_) return {};
        DatastorePath folder = FreshFolder(*volume, FolderName());
        plan_.home_moves = true;
        plan_.vmx = folder / home_.vmx.Name();
        plan_.new_folders.insert(folder.Text());
        folders_[volume->name] = folder;
        return {};
    }

    std::string FolderName() const {
        std::string name = home_.vmx.Folder().Name();
        return name.empty() ? home_.vmx.WithSuffix(".vmx", "").Name() : name;
    }

    // Where files of this VM go on that datastore: beside its .vmx, else into a folder of its name.
    const DatastorePath& FolderOn(const Volume& volume) {
        auto found = folders_.find(volume.name);
        if (found != folders_.end()) return found->second;
        if (volume.name == plan_.vmx.datastore) return folders_[volume.name] = plan_.vmx.Folder();
        DatastorePath folder = FreshFolder(volume, FolderName());
        plan_.new_folders.insert(folder.Text());
        return folders_[volume.name] = folder;
    }

    vim::Ref WishFor(const FileFact& file) const {
        if (file.disk_key == 0) return plan_.home_moves ? wish_.datastore : vim::Ref();
        auto named = wish_.disks.find(file.disk_key);
        return named == wish_.disks.end() ? wish_.datastore : named->second;
    }

    vim::Result<> Take(const FileFact& file) {
        vim::Ref to = WishFor(file);
        if (!to) return {};
        TRY(volume, UsableVolume(home_.volumes, to));
        auto from = Locate(home_.volumes, file.path);
        if (!from) return std::move(from).error();
        bool with_home = plan_.home_moves && from->path.Folder() == home_.vmx.Folder();
        if (from->volume.name == volume->name && !(with_home && volume->name == plan_.vmx.datastore)) return {};
        DatastorePath target = FolderOn(*volume) / from->path.Name();
        CHECK(CheckFree(target, *volume));
        MovedFile moved{file.path, target.Text(), file.disk_key, file.allocated};
        if (file.disk_key && file.link == 0) TakeForm(file, moved);
        plan_.needs[volume->name] += moved.allocated;
        plan_.files.push_back(std::move(moved));
        if (file.type == "diskDescriptor" && IsBackingOf(file)) plan_.disks[file.disk_key] = target.Text();
        return {};
    }

    // Thick disks stay thick where they are so; one that only says it keeps its holes.
    void TakeForm(const FileFact& file, MovedFile& moved) const {
        std::optional<bool> thin = FormFor(file.disk_key);
        if (file.type == "diskDescriptor") moved.says_thin = thin;
        if (file.type != "diskExtent") return;
        moved.dense = thin ? !*thin : file.size > 0 && file.allocated >= file.size;
        if (moved.dense) moved.allocated = std::max(file.allocated, file.size);
    }

    std::optional<bool> FormFor(int key) const {
        auto named = wish_.thin_disks.find(key);
        return named == wish_.thin_disks.end() ? wish_.thin : std::optional(named->second);
    }

    vim::Result<> CheckForms() const {
        for (const auto& [key, thin] : wish_.thin_disks) {
            auto* device = FindDevice(loaded_.config.hardware->device, key);
            auto* backing = device ? device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>() : nullptr;
            if (plan_.disks.contains(key) || !backing || backing->thin_provisioned.value_or(false) == thin) continue;
            return vim::Fault(vim::NotSupported(), base::Cat("disk ", key,
                                                             " stays on its datastore, and so does its form: "
                                                             "move it to another one, or see InflateVirtualDisk_Task"));
        }
        return {};
    }

    // What is known of the disk's changes goes with it.
    vim::Result<> TakeTracking(const FileFact& descriptor) {
        TRY(disk, Locate(home_.volumes, descriptor.path));
        std::string ctk = CtkOf(disk.Absolute());
        struct stat found {};
        if (stat(ctk.c_str(), &found) || !S_ISREG(found.st_mode)) return {};
        FileFact file = descriptor;
        file.path = (disk.path.Folder() / ctk.substr(ctk.rfind('/') + 1)).Text();
        file.type = "changeTracking";
        file.size = found.st_size;
        file.allocated = static_cast<std::int64_t>(found.st_blocks) * 512;
        return Take(file);
    }

    bool IsBackingOf(const FileFact& file) const {
        auto* device = FindDevice(loaded_.config.hardware->device, file.disk_key);
        auto* backing = device ? device->backing.As<vim::VirtualDeviceFileBackingInfo>() : nullptr;
        return backing && backing->file_name == file.path;
    }

    vim::Result<> CheckFree(const DatastorePath& target, const Volume& volume) {
        bool new_name = taken_.insert(target.Text()).second;
        bool there = access((volume.folder + "/" + target.path).c_str(), F_OK) == 0;
        if (new_name && !there) return {};
        return vim::Fault(vim::FileAlreadyExists(target.Text()),
                          base::Cat(target.Text(), new_name ? " exists already" : " would be two of its files",
                                    "; move or rename the other one first"));
    }

    // The list of snapshots names disks from the VM's folder: they go together or not at all.
    vim::Result<> CheckSnapshots() const {
        auto is_list = [](const FileFact& f) { return f.type == "snapshotList" && f.size > 0; };
        bool listed = std::any_of(loaded_.files.begin(), loaded_.files.end(), is_list);
        auto layered = [this](const FileFact& f) { return f.type == "diskDescriptor" && !IsBackingOf(f); };
        if (!listed || std::none_of(loaded_.files.begin(), loaded_.files.end(), layered)) return {};
        for (const FileFact& f : loaded_.files) {
            if (f.disk_key == 0) continue;
            auto path = DatastorePath::Parse(f.path);
            bool moves = std::any_of(plan_.files.begin(), plan_.files.end(),
                                     [&](const MovedFile& m) { return m.from == f.path; });
            if (moves == plan_.home_moves && path && (!moves || path->Folder() == home_.vmx.Folder())) continue;
            return vim::Fault(vim::NotSupported(),
                              "it has snapshots: its disks move only together with all its files, from one folder to "
                              "one folder; delete the snapshots to move disks one by one");
        }
        return {};
    }

    const Loaded& loaded_;
    const Home& home_;
    const MoveWish& wish_;
    const Volume* here_;
    MovePlan plan_;
    std::map<std::string, DatastorePath> folders_;       // by datastore
    std::set<std::string> taken_;
};

}  // namespace

vim::Result<> CheckRoom(const std::map<std::string, std::int64_t>& needs, const VolumeList& volumes) {
    for (const auto& [name, bytes] : needs) {
        const Volume* volume = FindVolume(volumes, name);
        std::int64_t free = volume ? FreeBytes(volume->folder) : 0;
        if (free >= bytes) continue;
        return vim::Fault(vim::NoDiskSpace(base::Cat('[', name, ']'), name),
                          base::Cat("the datastore \"", name, "\" is too full: it needs ", bytes >> 20,
                                    " MiB, and has ", free >> 20, " MiB"));
    }
    return {};
}

vim::Result<> CheckRoomBeside(const Home& home, std::int64_t bytes, std::string_view what) {
    std::int64_t has = FreeBytes(home.Folder());
    if (has >= bytes) return {};
    return vim::Fault(vim::NoDiskSpace(home.vmx.Text(), home.vmx.datastore),
                      base::Cat("no room ", what, ": it needs ", bytes >> 20, " MiB and datastore \"",
                                home.vmx.datastore, "\" has ", has >> 20, " MiB"));
}

vim::Result<MovePlan> PlanMove(const Loaded& loaded, const Home& home, const MoveWish& wish) {
    return Planner(loaded, home, wish).Run();
}

Config MovedConfig(Config config, const MovePlan& plan) {
    for (Device& device : config.hardware.Mut().device) {
        auto moved = plan.disks.find(device->key);
        if (moved == plan.disks.end()) continue;
        auto& backing = static_cast<vim::VirtualDeviceFileBackingInfo&>(device.Mut().backing.Mut());
        backing.file_name = moved->second;
    }
    return config;
}

}  // namespace vm
