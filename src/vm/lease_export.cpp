// VirtualMachine.ExportVm: the VM is held as it is while a client fetches its disks.
#include <sys/stat.h>

#include "base/text.h"
#include "rt/loop.h"
#include "vm/disk_files.h"
#include "vm/lease.h"

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

rt::Co<vim::Result<vim::Ref>> Leases::Export(vim::call::ExportVm call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOff, vm->runtime->power_state));
    std::vector<LeaseFile> files;
    const Devices& devices = vm->config->hardware->device;
    int disks = 0;
    for (const Device& d : devices) {
        LeaseFile f;
        f.key = base::Cat('/', call.self.id, '/', PlaceWord(devices, *d));
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
            co_return FileFault(std::move(size).error().While("export " + vm->name), path ? *path : DatastorePath());
        }
        f.size = *size;
        files.push_back(std::move(f));
    }
    LeasePtr lease = Make(false, user);
    lease->vm = call.self;
    lease->name = vm->name;
    lease->files = std::move(files);
    task::Work work = [this, lease](task::Progress& p) { return RunExport(lease, p); };
    auto started = co_await Start(lease, vim::call::ExportVm::kMethod, std::move(work), "{}");
    if (!started) co_return std::move(started).error();
    co_return lease->ref;
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
