// VirtualMachine.ExportVm and VirtualMachineSnapshot.ExportSnapshot: the VM is held as it is, or its
// snapshots are, while a client fetches the disks.
#include <sys/stat.h>

#include "base/text.h"
#include "rt/loop.h"
#include "vm/disk_files.h"
#include "vm/lease.h"
#include "vm/snapshot_files.h"

namespace vm {
namespace {

std::string AdapterOf(const Devices& devices, const vim::VirtualDevice& disk) {
    const vim::VirtualDevice* c = disk.controller_key ? FindDevice(devices, *disk.controller_key) : nullptr;
    return c && c->type().IsA(vim::VirtualIDEController::kType)        ? "ide"
           : c && c->type().IsA(vim::VirtualBusLogicController::kType) ? "buslogic"
                                                                       : "lsilogic";
}

base::Result<std::int64_t> SizeOf(const VolumeList& volumes, const std::string& path, bool disk) {
    auto located = Locate(volumes, path);
    if (!located) return base::Error{base::Code::kNotFound, located.error().message()};
    if (disk) {
        auto facts = InspectDisk(located->volume.folder, located->Absolute());
        if (!facts) return std::move(facts).error();
        return facts->capacity_kb * 1024;
    }
    struct stat st {};
    if (stat(located->Absolute().c_str(), &st)) return base::FromErrno(errno, "look at " + path);
    return st.st_size;
}

}  // namespace

rt::Co<vim::Result<std::vector<LeaseFile>>> Leases::FilesOf(vim::Ref vm, Devices devices) {
    std::vector<LeaseFile> files;
    int disks = 0;
    for (const Device& d : devices) {
        LeaseFile f;
        f.key = base::Cat('/', vm.id, '/', PlaceWord(devices, *d));
        if (d->type().IsA(vim::VirtualDisk::kType)) {
            auto* backing = d->backing.As<vim::VirtualDeviceFileBackingInfo>();
            f.disk = true;
            f.name = base::Cat("disk-", disks++, ".vmdk");
            f.path = backing ? backing->file_name : std::string();
            f.adapter = AdapterOf(devices, *d);
        } else if (auto* iso = d->backing.As<vim::VirtualCdromIsoBackingInfo>(); iso && !iso->file_name.empty()) {
            auto path = DatastorePath::Parse(iso->file_name);
            if (!path) continue;
            f.name = path->Name();
            f.path = iso->file_name;
        } else {
            continue;
        }
        auto look = [volumes = c_.volumes.Now(), f] { return SizeOf(volumes, f.path, f.disk); };
        auto size = co_await c_.pool.Run(std::move(look));
        if (!size && !f.disk) continue;                  // an image that is gone is no part of the machine
        if (!size) {
            auto path = DatastorePath::Parse(f.path);
            co_return FileFault(std::move(size).error().While("export of " + vm.id), path ? *path : DatastorePath());
        }
        f.size = *size;
        files.push_back(std::move(f));
    }
    co_return files;
}

rt::Co<vim::Result<vim::Ref>> Leases::StartExport(const vim::Method& method, vim::Ref vm, Devices devices,
                                                  std::string user) {
    CO_TRY(files, co_await FilesOf(vm, std::move(devices)));
    LeasePtr lease = Make(false, user);
    lease->vm = vm;
    auto now = c_.Get(vm);
    lease->name = now ? now->name : vm.id;
    lease->files = std::move(files);
    task::Work work = [this, lease](task::Progress& p) { return RunExport(lease, p); };
    auto started = co_await Start(lease, method, std::move(work), "{}");
    if (!started) co_return std::move(started).error();
    co_return lease->ref;
}

rt::Co<vim::Result<vim::Ref>> Leases::Export(vim::call::ExportVm call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOff, vm->runtime->power_state));
    co_return co_await StartExport(vim::call::ExportVm::kMethod, call.self, vm->config->hardware->device,
                                   std::move(user));
}

// What a snapshot shows is written by nobody while the task keeps the snapshot where it is.
rt::Co<vim::Result<vim::Ref>> Leases::ExportSnapshot(vim::call::ExportSnapshot call, std::string user) {
    auto now = c_.inventory.Now();
    auto* snapshot = now->Get<vim::VirtualMachineSnapshot>(call.self);
    if (!snapshot) co_return vim::Fault(vim::ManagedObjectNotFound(call.self));
    CO_TRY(vm, c_.Usable(snapshot->vm));
    if (!snapshot->config || !snapshot->config->hardware)
        co_return vim::Fault(vim::InvalidState(),
                             base::Cat("the configuration of the snapshot ", call.self.id, " cannot be read"));
    Devices devices = snapshot->config->hardware->device;
    std::erase_if(devices, [](const Device& d) { return d->type().IsA(vim::VirtualDisk::kType) && IsIndependent(*d); });
    co_return co_await StartExport(vim::call::ExportSnapshot::kMethod, vm->self, std::move(devices), std::move(user));
}

Leases::Done Leases::RunExport(LeasePtr lease, task::Progress& progress) {
    progress.OnCancel([lease] {
        if (!lease->over()) lease->end = Lease::End::kCancelled;
        lease->changed.Notify();
    });
    PublishReady(*lease);
    co_await UntilOver(lease);
    co_await rt::Detach(ForgetLater(lease->ref));
    if (lease->end == Lease::End::kComplete) {
        Publish(*lease, [](vim::HttpNfcLease& l) { l.state = vim::HttpNfcLeaseState::kDone; });
        co_await c_.Note(lease->vm, base::Cat("exported by ", lease->user));
        co_return vim::Any();
    }
    vim::Fault why = WhyOver(*lease);
    Publish(*lease, [&](vim::HttpNfcLease& l) {
        l.error = why.AsData();
        l.state = vim::HttpNfcLeaseState::kError;
    });
    co_return why;
}

}  // namespace vm
