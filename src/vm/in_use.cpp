#include "vm/in_use.h"

#include <algorithm>

#include "base/text.h"
#include "vim/gen/vm_device.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

void AddFile(std::vector<FileInUse>& out, const std::string& text, const std::string& machine) {
    if (auto path = DatastorePath::Parse(text); path && !path->path.empty()) out.push_back({*std::move(path), machine});
}

void AddDevices(std::vector<FileInUse>& out, const vim::VirtualMachineConfigInfo& config) {
    if (!config.hardware) return;
    for (const auto& device : config.hardware->device) {
        const auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>();
        if (!file) continue;
        AddFile(out, file->file_name, config.name);
        if (device.As<vim::VirtualDisk>()) AddFile(out, FlatOf(file->file_name), config.name);
    }
}

bool HasFile(const vim::VirtualMachine& machine, const std::string& file) {
    if (!machine.layout_ex) return false;
    const auto& files = machine.layout_ex->file;
    return std::any_of(files.begin(), files.end(), [&](const auto& f) { return f->name == file; });
}

}  // namespace

std::vector<FileInUse> FilesInUse(const inventory::Snapshot& now) {
    std::vector<FileInUse> out;
    now.ForEach([&](const vim::ManagedObject& object) {
        const auto* machine = dynamic_cast<const vim::VirtualMachine*>(&object);
        if (!machine || !machine->config || !machine->runtime) return;
        if (machine->runtime->power_state == vim::VirtualMachinePowerState::kPoweredOff) return;
        if (machine->config->files)
            AddFile(out, machine->config->files->vm_path_name.value_or(""), machine->config->name);
        AddDevices(out, *machine->config);
        if (!machine->layout_ex) return;
        for (const auto& file : machine->layout_ex->file) AddFile(out, file->name, machine->config->name);
    });
    return out;
}

vim::Ref OwnerOf(const inventory::Snapshot& now, const DatastorePath& file) {
    vim::Ref out;
    const std::string text = file.Text();
    now.ForEach([&](const vim::ManagedObject& object) {
        const auto* machine = dynamic_cast<const vim::VirtualMachine*>(&object);
        if (!machine || !machine->config || out) return;
        std::vector<FileInUse> own;
        AddDevices(own, *machine->config);
        bool has = std::any_of(own.begin(), own.end(), [&](const FileInUse& f) { return f.file == file; });
        if (has || HasFile(*machine, text)) out = machine->self;
    });
    return out;
}

std::optional<FileInUse> UsedWithin(const std::vector<FileInUse>& files, const DatastorePath& path) {
    for (const FileInUse& f : files) {
        if (f.file.datastore != path.datastore) continue;
        bool inside =
            path.path.empty() || (f.file.path.starts_with(path.path) && f.file.path.size() > path.path.size() &&
                                  f.file.path[path.path.size()] == '/');
        if (inside || f.file.path == path.path) return f;
    }
    return std::nullopt;
}

vim::Result<> CheckUnused(const inventory::Snapshot& now, const DatastorePath& path) {
    auto used = UsedWithin(FilesInUse(now), path);
    if (!used) return {};
    return vim::Fault(vim::FileLocked(used->file.Text()),
                      base::Cat(used->file.Text(), " is in use by the virtual machine \"", used->machine,
                                "\", which runs or is suspended: power it off first"));
}

vim::Result<> CheckNotWritten(const inventory::Snapshot& now, const DatastorePath& disk) {
    std::string writer;
    now.ForEach([&](const vim::ManagedObject& object) {
        const auto* machine = dynamic_cast<const vim::VirtualMachine*>(&object);
        if (!machine || !machine->config || !machine->config->hardware || !machine->runtime) return;
        if (machine->runtime->power_state != vim::VirtualMachinePowerState::kPoweredOn) return;
        for (const auto& device : machine->config->hardware->device) {
            const auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>();
            if (file && file->file_name == disk.Text()) writer = machine->config->name;
        }
    });
    if (writer.empty()) return {};
    return vim::Fault(vim::FileLocked(disk.Text()),
                      base::Cat(disk.Text(), " is being written by the running virtual machine \"", writer,
                                "\": take a snapshot and read that, or power it off"));
}

namespace {

struct Disk {
    std::string file;
    bool shared, forgets;                // of several machines; changes are not kept
};

std::vector<Disk> DisksOf(const vim::VirtualMachineConfigInfo& config) {
    std::vector<Disk> out;
    if (!config.hardware) return out;
    for (const auto& device : config.hardware->device) {
        const auto* file =
            device.As<vim::VirtualDisk>() ? device->backing.As<vim::VirtualDiskFlatVer2BackingInfo>() : nullptr;
        if (!file || file->file_name.empty()) continue;
        bool forgets = file->disk_mode == "nonpersistent" || file->disk_mode == "independent_nonpersistent";
        out.push_back({file->file_name, file->sharing == "sharingMultiWriter", forgets});
    }
    return out;
}

// Every other machine whose configuration is known.
template <class Fn> void ForOthers(const inventory::Snapshot& now, const vim::Ref& self, const Fn& fn) {
    now.ForEach([&](const vim::ManagedObject& object) {
        const auto* machine = dynamic_cast<const vim::VirtualMachine*>(&object);
        if (machine && machine->config && machine->runtime && !(machine->self == self)) fn(*machine);
    });
}

bool IsAmongIts(const vim::VirtualMachine& machine, const std::string& file) {
    auto disks = DisksOf(*machine.config);
    return HasFile(machine, file) ||
           std::any_of(disks.begin(), disks.end(), [&](const Disk& d) { return d.file == file; });
}

// Why `mine` may not be written while `other` is what it is; "": it may.
std::string Conflict(const Disk& mine, const vim::VirtualMachine& other) {
    bool active = other.runtime->power_state != vim::VirtualMachinePowerState::kPoweredOff, current = false;
    for (const Disk& theirs : DisksOf(*other.config)) {
        if (theirs.file != mine.file) continue;
        current = true;
        bool together = (mine.shared && theirs.shared) || (mine.forgets && theirs.forgets);
        if (active && !together)
            return base::Cat(" is in use by the virtual machine \"", other.name,
                             "\", which runs or is suspended: power it off first, or give both the disk with sharing "
                             "sharingMultiWriter");
    }
    if (current || mine.forgets || !HasFile(other, mine.file)) return {};
    return base::Cat(" lies below a snapshot of the virtual machine \"", other.name,
                     "\", which would be damaged: copy the disk, or clone the machine");
}

}  // namespace

vim::Result<> CheckNobodyElses(const inventory::Snapshot& now, const vim::Ref& self,
                               const std::vector<std::string>& files, Others which) {
    std::string found, whose;
    if (files.empty()) return {};
    ForOthers(now, self, [&](const vim::VirtualMachine& other) {
        if (which == Others::kActive && other.runtime->power_state == vim::VirtualMachinePowerState::kPoweredOff)
            return;
        auto its = std::find_if(files.begin(), files.end(), [&](const auto& file) { return IsAmongIts(other, file); });
        if (its == files.end() || !found.empty()) return;
        found = *its;
        whose = other.name;
    });
    if (found.empty()) return {};
    return vim::Fault(vim::FileLocked(found), base::Cat(found, " is also a disk of the virtual machine \"", whose,
                                                        "\": take it out of one of the two first, without its files"));
}

std::set<std::string> AlsoOfOthers(const inventory::Snapshot& now, const vim::Ref& self,
                                   const std::vector<std::string>& files) {
    std::set<std::string> out;
    if (files.empty()) return out;
    ForOthers(now, self, [&](const vim::VirtualMachine& other) {
        for (const std::string& file : files)
            if (IsAmongIts(other, file)) out.insert(file);
    });
    return out;
}

vim::Result<> CheckDisksFree(const inventory::Snapshot& now, const vim::Ref& self,
                             const vim::VirtualMachineConfigInfo& config) {
    std::string why, file;
    const std::vector<Disk> disks = DisksOf(config);
    ForOthers(now, self, [&](const vim::VirtualMachine& other) {
        for (const Disk& disk : disks) {
            if (!why.empty()) return;
            file = disk.file;
            why = Conflict(disk, other);
        }
    });
    if (why.empty()) return {};
    return vim::Fault(vim::FileLocked(file), file + why);
}

}  // namespace vm
