// ResourcePool.ImportVApp: the VM is made with empty disks, its disks are filled while the
// lease is on; whatever ends the lease but HttpNfcLeaseComplete removes the VM again.
#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "rt/loop.h"
#include "vm/lease.h"

namespace vm {

struct Leases::Importing {
    LeasePtr lease;
    Lifecycle::Making making;
    std::vector<std::pair<std::string, std::string>> images;     // place of a CD-ROM, the name of its file
};

namespace {

// Of the controllers that a spec adds and those that every VM has.
Devices DevicesOf(const Spec& spec) {
    Devices out = BaseDevices();
    for (const auto& change : spec.device_change)
        if (change->device) out.push_back(change->device);
    return out;
}

// A plain name of an image: never that of a file that the VM itself has.
bool IsImageName(const std::string& name) {
    std::string lower = base::Lower(name);
    bool image = lower.ends_with(".iso") || lower.ends_with(".img");
    return image && name.find_first_of("[]/\\") == std::string::npos && name.front() != '.' && name.size() < 200;
}

}  // namespace

// A CD-ROM whose image comes with the package names it without a datastore.
vim::Result<> Leases::TakeSpec(Importing& importing, const vim::Ptr<Spec>& given) {
    if (!given) return vim::Fault(vim::InvalidArgument("spec.configSpec"), "the configuration is missing");
    Devices all = DevicesOf(*given);
    vim::Ptr<Spec> spec = given;
    for (auto& change : spec.Mut().device_change) {
        auto* image = change->device ? change->device->backing.As<vim::VirtualCdromIsoBackingInfo>() : nullptr;
        if (!image || image->file_name.empty() || image->file_name.starts_with('[')) continue;
        std::string name = image->file_name.substr(image->file_name.rfind('/') + 1);
        if (!IsImageName(name))
            return vim::Fault(vim::InvalidArgument("spec.configSpec.deviceChange"),
                              base::Cat("\"", image->file_name, "\" is no name for an image"));
        importing.images.emplace_back(PlaceWord(all, *change->device), name);
        auto& backing = change.Mut().device.Mut().backing.Mut();
        static_cast<vim::VirtualCdromIsoBackingInfo&>(backing).file_name.clear();
    }
    importing.making.spec = *spec;
    return {};
}

// What the client may send: each disk, each image, and the NVRAM that such packages carry.
vim::Result<> Leases::ListFiles(Importing& importing) {
    Lease& lease = *importing.lease;
    Lifecycle::Making& making = importing.making;
    Devices& devices = making.config.hardware.Mut().device;
    int disks = 0;
    for (Device& d : devices) {
        std::string place = PlaceWord(devices, *d);
        LeaseFile f;
        f.key = base::Cat('/', making.intent.id, '/', place);
        f.import_key = base::Cat('/', making.intent.name, '/', place);
        if (auto* disk = d.As<vim::VirtualDisk>()) {
            auto* backing = d->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
            f.disk = true;
            f.name = base::Cat("disk-", disks++, ".vmdk");
            f.path = backing->file_name;
            f.size = disk->capacity_in_kb * 1024;
            lease.files.push_back(std::move(f));
            continue;
        }
        for (const auto& [at, name] : importing.images) {
            if (at != place || !d->type().IsA(vim::VirtualCdrom::kType)) continue;
            f.name = name;
            f.path = (making.home.vmx.Folder() / name).Text();
            CHECK(CheckNew(f.path, making.home.volumes));
            if (lease.FileNamed(name))
                return vim::Fault(vim::FileAlreadyExists(f.path), base::Cat("there are two images \"", name, "\""));
            vim::VirtualCdromIsoBackingInfo backing;
            backing.file_name = f.path;
            d.Mut().backing = std::move(backing);
            making.intent.makes.push_back(f.path);
            lease.files.push_back(f);
        }
    }
    LeaseFile nvram;
    nvram.name = making.intent.name + ".nvram";
    nvram.key = base::Cat('/', making.intent.id, "/nvram");
    nvram.import_key = base::Cat('/', making.intent.name, "/nvram");
    nvram.path = making.intent.vmx;
    nvram.discard = true;                        // VMware's form, which our firmware does not read
    lease.files.push_back(std::move(nvram));
    for (LeaseFile& f : lease.files) f.sum_type = "sha256";      // what clients compare a package's manifest with
    return {};
}

rt::Co<vim::Result<vim::Ref>> Leases::Import(vim::call::ImportVApp call, std::string user, const Permit& permit) {
    auto* spec = call.spec.As<vim::VirtualMachineImportSpec>();
    if (!spec)
        co_return vim::Fault(vim::NotSupported(), "this host imports virtual machines; vApps need a central server");
    auto importing = std::make_shared<Importing>();
    CO_CHECK(TakeSpec(*importing, spec->config_spec));
    Lifecycle::Asked asked{&vim::call::ImportVApp::kMethod, call.folder ? call.folder : host::VmFolderRef(), call.self,
                           call.host, importing->making.spec};
    auto checked = lifecycle_.CheckCreate(asked, permit);
    if (!checked) co_return std::move(checked).error();
    importing->making = *std::move(checked);
    Lifecycle::Making& making = importing->making;
    making.intent.id = c_.registry.NewId();
    LeasePtr lease = importing->lease = Make(true, user);
    lease->vm = {&Vm::kType, making.intent.id};
    lease->name = making.intent.name;
    if (auto listed = ListFiles(*importing); !listed) {
        Drop(lease->ref);
        co_return std::move(listed).error();
    }
    std::vector<std::string> holds{"name " + making.intent.name, making.intent.vmx,
                                   "folder " + making.home.vmx.Folder().path};
    c_.reserved.insert(holds.begin(), holds.end());
    task::Work work = [this, importing](task::Progress& p) { return RunImport(importing, p); };
    std::string state = making.intent.Text();
    auto started = co_await Start(lease, vim::call::ImportVApp::kMethod, std::move(work), std::move(state));
    if (!started) {
        for (const std::string& hold : holds) c_.reserved.erase(hold);
        co_return std::move(started).error();
    }
    co_return lease->ref;
}

// Whatever is there of it: the VM, or only files.
rt::Co<vim::Result<>> Leases::UndoImport(Intent intent, std::string user, task::Progress& progress) {
    if (c_.Find({&Vm::kType, intent.id})) {
        auto removed = co_await lifecycle_.RunDestroy(intent, user, progress);
        if (!removed) co_return std::move(removed).error();
    }
    auto undo = [intent, volumes = c_.volumes.Now()] {
        UndoFiles(intent, volumes);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(undo));
    co_return vim::Result<>{};
}

Leases::Done Leases::RunImport(std::shared_ptr<Importing> importing, task::Progress& progress) {
    LeasePtr lease = importing->lease;
    Lifecycle::Making& making = importing->making;
    progress.OnCancel([lease] {
        if (!lease->over()) lease->end = Lease::End::kCancelled;
        lease->changed.Notify();
    });
    vim::VmBeingCreatedEvent begins;
    begins.config_spec = making.spec;
    c_.Address(begins, lease->vm);
    begins.vm.Mut().name = making.intent.name;
    c_.events.Post(vim::Ptr<vim::Event>(std::move(begins)), lease->user, progress.chain_id());
    auto made = co_await lifecycle_.MakeFiles(making, progress);
    vim::Result<vim::Ref> admitted = lease->vm;
    if (!made) admitted = std::move(made).error();
    else admitted = co_await lifecycle_.Admit(making.intent);
    for (const std::string& hold :
         {"name " + making.intent.name, making.intent.vmx, "folder " + making.home.vmx.Folder().path})
        c_.reserved.erase(hold);
    if (!admitted) {
        if (!lease->over()) lease->end = Lease::End::kFailed;
        lease->fault = std::move(admitted).error().While("import " + making.intent.name);
    } else {
        PublishReady(*lease);
        co_await UntilOver(lease);
    }
    if (lease->end == Lease::End::kComplete) {
        if (auto noted = co_await progress.Step("complete", ""); !noted) {
            lease->end = Lease::End::kFailed;
            lease->fault = vim::Fault(std::move(noted).error());
        }
    }
    co_await rt::Detach(ForgetLater(lease->ref));
    if (lease->end != Lease::End::kComplete) {
        Intent intent = making.intent;
        if (!lease->ready) intent.makes = making.made;   // what was there before stays
        auto undone = co_await UndoImport(std::move(intent), lease->user, progress);
        if (!undone) base::LogError("nfc", "cannot clear up: " + undone.error().message());
        vim::Fault why = WhyOver(*lease);
        Publish(*lease, [&](vim::HttpNfcLease& l) {
            l.error = why.AsData();
            l.state = vim::HttpNfcLeaseState::kError;
        });
        co_return why;
    }
    (void)co_await c_.Refresh(lease->vm);                // sizes of what came
    c_.Post(vim::VmCreatedEvent(), lease->vm, lease->user, progress.chain_id());
    co_await c_.Note(lease->vm, base::Cat("imported by ", lease->user));
    Publish(*lease, [](vim::HttpNfcLease& l) { l.state = vim::HttpNfcLeaseState::kDone; });
    co_return vim::Any(lease->vm);
}

// The client is not to be found again: unless it had said that all is there, all goes.
Leases::Done Leases::ResumeImport(task::Unfinished what, task::Progress& progress) {
    Intent intent = Intent::Parse(what.begun);
    c_.registry.Skip(intent.id);
    vim::Ref ref{&Vm::kType, intent.id};
    if (what.step == "complete" && c_.Find(ref)) {
        c_.Post(vim::VmCreatedEvent(), ref, what.user, progress.chain_id());
        co_return vim::Any(ref);
    }
    if (what.step.empty()) intent.makes.clear();         // nothing was made yet, or only an empty folder
    CO_CHECK(co_await UndoImport(intent, what.user, progress));
    co_return Interrupted(
        base::Cat("the host agent was restarted while ", intent.name, " was being imported; nothing of it is left"));
}

Leases::Done Leases::ResumeExport() {
    co_return Interrupted("the host agent was restarted during an export; begin it again");
}

void Leases::RegisterResumers() {
    c_.tasks.OnResume(std::string(vim::call::ImportVApp::kMethod.task_id),
                      [this](task::Unfinished what, task::Progress& p) { return ResumeImport(std::move(what), p); });
    for (const vim::Method* method : {&vim::call::ExportVm::kMethod, &vim::call::ExportSnapshot::kMethod})
        c_.tasks.OnResume(std::string(method->task_id),
                          [this](task::Unfinished, task::Progress&) { return ResumeExport(); });
}

}  // namespace vm
