#include "storage/in_use.h"

#include <algorithm>

#include "base/text.h"
#include "vim/gen/vm.h"
#include "vim/gen/vm_device.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

void AddFile(std::vector<FileInUse>& out, const std::string& text, const std::string& machine) {
    if (auto path = vm::DatastorePath::Parse(text); path && !path->path.empty())
        out.push_back({*std::move(path), machine});
}

void AddDevices(std::vector<FileInUse>& out, const vim::VirtualMachineConfigInfo& config) {
    if (!config.hardware) return;
    for (const auto& device : config.hardware->device) {
        const auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>();
        if (!file) continue;
        AddFile(out, file->file_name, config.name);
        if (device.As<vim::VirtualDisk>()) AddFile(out, vm::FlatOf(file->file_name), config.name);
    }
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

vim::Ref OwnerOf(const inventory::Snapshot& now, const vm::DatastorePath& file) {
    vim::Ref out;
    const std::string text = file.Text();
    now.ForEach([&](const vim::ManagedObject& object) {
        const auto* machine = dynamic_cast<const vim::VirtualMachine*>(&object);
        if (!machine || !machine->config || out) return;
        std::vector<FileInUse> own;
        AddDevices(own, *machine->config);
        bool has = std::any_of(own.begin(), own.end(), [&](const FileInUse& f) { return f.file == file; });
        if (machine->layout_ex && !has)
            has = std::any_of(machine->layout_ex->file.begin(), machine->layout_ex->file.end(),
                              [&](const auto& f) { return f->name == text; });
        if (has) out = machine->self;
    });
    return out;
}

std::optional<FileInUse> UsedWithin(const std::vector<FileInUse>& files, const vm::DatastorePath& path) {
    for (const FileInUse& f : files) {
        if (f.file.datastore != path.datastore) continue;
        bool inside =
            path.path.empty() || (f.file.path.starts_with(path.path) && f.file.path.size() > path.path.size() &&
                                  f.file.path[path.path.size()] == '/');
        if (inside || f.file.path == path.path) return f;
    }
    return std::nullopt;
}

vim::Result<> CheckUnused(const inventory::Snapshot& now, const vm::DatastorePath& path) {
    auto used = UsedWithin(FilesInUse(now), path);
    if (!used) return {};
    return vim::Fault(vim::FileLocked(used->file.Text()),
                      base::Cat(used->file.Text(), " is in use by the virtual machine \"", used->machine,
                                "\", which runs or is suspended: power it off first"));
}

vim::Result<> CheckNotWritten(const inventory::Snapshot& now, const vm::DatastorePath& disk) {
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

}  // namespace storage
