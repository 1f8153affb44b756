// CreateVM_Task: everything is checked first, then files are made, the .vmx last: a folder
// with a .vmx is a whole VM, one without is none.
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/placement.h"
#include "rt/files.h"
#include "vm/disk_files.h"
#include "vm/disk_making.h"
#include "vm/foreign_disks.h"
#include "vm/identity.h"
#include "vm/image_file.h"
#include "vm/lifecycle.h"
#include "vm/pools.h"

namespace vm {
namespace {

// A name as the name of a folder and of files.
std::string FileNameOf(const std::string& name) {
    std::string out;
    for (char c : name)
        out += c == '/' || c == '\\' || c == '[' || c == ']' || c == ':' || c == '"' || c == '|' ? '_' : c;
    while (out.starts_with('.')) out.erase(0, 1);
    if (out.size() > 200) out.resize(200);
    return out.empty() ? "vm" : out;
}

bool There(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

base::Result<> MakeFolder(const std::string& folder) {
    if (mkdir(folder.c_str(), 0755) && errno != EEXIST) return base::FromErrno(errno, "make the folder " + folder);
    return rt::SyncDir(folder.substr(0, folder.rfind('/')));
}

}  // namespace

vim::Result<> Lifecycle::CheckPlace(const vim::Ref& entity, const vim::Ref& pool, const vim::Ref& host,
                                    const Permit& permit) {
    if (entity.type->IsA(vim::Folder::kType) && !(entity == host::VmFolderRef())) {
        vim::InvalidFolder fault;
        fault.target = entity;
        return vim::Fault(std::move(fault), base::Cat(entity.id, " is no folder for virtual machines"));
    }
    auto now = c_.inventory.Now();
    if (pool && !now->Get<vim::ResourcePool>(pool))
        return vim::Fault(vim::ManagedObjectNotFound(pool), "there is no resource pool " + pool.id);
    if (host && !(host == host::HostRef()))
        return vim::Fault(vim::ManagedObjectNotFound(host), "this host is " + host::HostRef().id);
    return permit.Check(pool ? pool : host::RootPoolRef(), "Resource.AssignVMToPool");
}

vim::Result<> Lifecycle::CheckFreeName(const std::string& name) {
    CHECK(CheckName(name, {}));
    vim::Ref other = c_.ByName(name, {});
    if (!other && !c_.reserved.contains("name " + name)) return {};
    vim::DuplicateName fault;
    fault.name = name;
    fault.object = other ? other : host::VmFolderRef();
    return vim::Fault(std::move(fault), base::Cat("there is a virtual machine \"", name, "\" already"));
}

// "[ds]", "[ds] folder" or "[ds] folder/x.vmx": what is not said follows from the name. A
// few looks at the file system, on names only.
vim::Result<Located> Lifecycle::ChooseVmx(const Spec& spec, const VolumeList& volumes, bool& new_folder) {
    std::string asked = spec.files ? spec.files->vm_path_name.value_or("") : "";
    auto located = Locate(volumes, asked);
    if (!located) return located;
    std::string name = FileNameOf(*spec.name);
    auto taken = [&](const std::string& folder) {
        return There(located->volume.folder + "/" + folder) || c_.reserved.contains("folder " + folder);
    };
    if (located->path.path.empty()) {
        std::string folder = name;
        for (int number = 1; taken(folder); ++number) folder = base::Cat(name, '_', number);
        located->path.path = folder + "/" + name + ".vmx";
    } else if (!located->path.path.ends_with(".vmx")) {
        located->path.path += "/" + name + ".vmx";
    }
    if (located->path.Folder().path.empty())
        return vim::Fault(vim::InvalidDatastorePath(located->volume.datastore, located->volume.name, asked),
                          "a virtual machine needs a folder of its own on the datastore");
    new_folder = !There(located->volume.folder + "/" + located->path.Folder().path);
    if (There(located->Absolute()) || c_.reserved.contains(located->path.Text()))
        return vim::Fault(vim::FileAlreadyExists(located->path.Text()), located->path.Text() + " exists already");
    return located;
}

vim::Result<Lifecycle::Making> Lifecycle::CheckCreate(const Asked& asked, const Permit& permit) {
    CHECK(CheckPlace(asked.entity, asked.pool, asked.host, permit));
    if (!asked.spec) return vim::Fault(vim::InvalidArgument("config"), "the configuration is missing");
    const Spec& spec = *asked.spec;
    CHECK(CheckFreeName(spec.name.value_or("")));
    Making making;
    making.spec = spec;
    making.spec.change_version = std::nullopt;
    making.intent.pool = Pools::BackendPool(asked.pool);
    making.home.volumes = c_.volumes.Now();
    auto vmx = ChooseVmx(spec, making.home.volumes, making.intent.new_folder);
    if (!vmx) return std::move(vmx).error();
    CHECK(permit.Check(vmx->volume.datastore, "Datastore.AllocateSpace"));
    CHECK(CheckDevices(spec, nullptr, making.home.volumes, permit));
    making.home.vmx = vmx->path;
    making.home.file = vmx->Absolute();
    auto empty = ReadConfig(NewVmx(), vmx->path, making.home.volumes);
    if (!empty) return vim::Fault(std::move(empty).error());
    empty->version = kDefaultVersion;
    Situation s;
    s.vmx_path = vmx->path;
    s.volumes = making.home.volumes;
    s.limits = c_.options.limits;
    s.mac_taken = [this](std::string_view mac) { return c_.MacTaken(mac, {}); };
    s.network_exists = [this](const vim::Ref& network) { return c_.inventory.Now()->Peek(network) != nullptr; };
    s.disk_taken = [&](const DatastorePath& disk) { return IsTaken(disk, s.volumes); };
    auto change = Apply(making.spec, *std::move(empty), s);
    if (!change) return std::move(change).error();
    if (!change->config.location_id) change->config.location_id = LocationOf(vmx->path, making.home.volumes);
    (void)Complement(change->config, s.mac_taken);
    making.config = std::move(change->config);
    making.files = std::move(change->files);
    making.intent.vmx = vmx->path.Text();
    making.intent.name = *spec.name;
    making.intent.makes = {making.intent.vmx};
    for (const FileWork::Make& disk : making.files.make) {
        CHECK(CheckNew(disk.path, making.home.volumes));
        making.intent.makes.push_back(disk.path);
    }
    return making;
}

rt::Co<vim::Result<vim::Ref>> Lifecycle::StartCreate(Asked asked, std::string user, const Permit& permit) {
    auto checked = CheckCreate(asked, permit);
    if (!checked) co_return std::move(checked).error();
    auto making = std::make_shared<Making>(*std::move(checked));
    making->intent.id = c_.registry.NewId();
    std::vector<std::string> holds{"name " + making->intent.name, making->intent.vmx,
                                   "folder " + making->home.vmx.Folder().path};
    c_.reserved.insert(holds.begin(), holds.end());
    task::Work work = [this, making, user](task::Progress& p) { return RunCreate(making, user, p); };
    auto task = co_await c_.StartTask(*asked.method, asked.entity, user, std::move(work), making->intent.Text(), false);
    if (!task)
        for (const std::string& hold : holds) c_.reserved.erase(hold);
    co_return task;
}

rt::Co<vim::Result<vim::Ref>> Lifecycle::Create(vim::call::CreateVM call, std::string user, const Permit& permit) {
    Asked asked{&vim::call::CreateVM::kMethod, call.self, call.pool, call.host, call.config};
    return StartCreate(std::move(asked), std::move(user), permit);
}

rt::Co<vim::Result<vim::Ref>> Lifecycle::CreateChild(vim::call::CreateChildVM call, std::string user,
                                                     const Permit& permit) {
    Asked asked{&vim::call::CreateChildVM::kMethod, call.self, call.self, call.host, call.config};
    return StartCreate(std::move(asked), std::move(user), permit);
}

rt::Co<vim::Result<>> Lifecycle::MakeFiles(Making& making, task::Progress& progress) {
    auto folder = [path = making.home.Folder()] { return MakeFolder(path); };
    if (auto made = co_await c_.pool.Run(std::move(folder)); !made)
        co_return FileFault(std::move(made).error(), making.home.vmx);
    CO_CHECK(co_await progress.Step("folder", making.intent.Text()));
    int done = 0;
    for (const FileWork::Make& disk : making.files.make) {
        auto located = Locate(making.home.volumes, disk.path);
        if (!located) co_return std::move(located).error();
        NewDisk make{located->Absolute(), disk.capacity_kb, disk.thin, disk.adapter};
        if (auto made = co_await MakeDiskFiles(c_.pool, make, disk.eager, progress); !made)
            co_return FileFault(std::move(made).error(), located->path);
        making.made.push_back(disk.path);
        progress.Percent(10 + 70 * ++done / static_cast<int>(making.files.make.size()));
        if (progress.cancelled()) co_return vim::Fault(vim::RequestCanceled(), "cancelled by its user");
    }
    for (const std::string& path : making.files.attach) {
        auto located = Locate(making.home.volumes, path);
        if (!located) co_return std::move(located).error();
        CO_CHECK(co_await MakeDiskOurs(c_, located->path, progress));
        auto look = [l = *located]() -> base::Result<> {
            if (l.path.path.ends_with(".vmdk")) {
                CHECK(InspectDisk(l.volume.folder, l.Absolute()));
                return {};
            }
            if (!There(l.Absolute())) return {};         // an ISO may come later
            return CheckImage(l);
        };
        if (auto fine = co_await c_.pool.Run(std::move(look)); !fine)
            co_return FileFault(std::move(fine).error(), located->path);
    }
    CO_CHECK(co_await progress.Step("disks", making.intent.Text()));
    auto save = [home = making.home, config = making.config] { return SaveConfig(home, config); };
    if (auto saved = co_await c_.pool.Run(std::move(save)); !saved)
        co_return FileFault(std::move(saved).error(), making.home.vmx);
    making.made.push_back(making.intent.vmx);
    CO_CHECK(co_await progress.Step("vmx", making.intent.Text()));
    co_return vim::Result<>{};
}

Lifecycle::Done Lifecycle::RunCreate(std::shared_ptr<Making> making, std::string user, task::Progress& progress) {
    vim::Ref ref{&Vm::kType, making->intent.id};
    vim::VmBeingCreatedEvent begins;
    begins.config_spec = making->spec;
    c_.Address(begins, ref);
    begins.vm.Mut().name = making->intent.name;          // no such entity yet whose name it is
    c_.events.Post(vim::Ptr<vim::Event>(std::move(begins)), user, progress.chain_id());
    auto made = co_await MakeFiles(*making, progress);
    vim::Result<vim::Ref> admitted = ref;
    if (!made) admitted = std::move(made).error();
    else admitted = co_await Admit(making->intent);
    for (const std::string& hold :
         {"name " + making->intent.name, making->intent.vmx, "folder " + making->home.vmx.Folder().path})
        c_.reserved.erase(hold);
    if (!admitted) {
        Intent made_only = making->intent;               // what was there before stays
        made_only.makes = making->made;
        auto undo = [made_only, volumes = making->home.volumes] {
            UndoFiles(made_only, volumes);
            return true;
        };
        (void)co_await c_.pool.Run(std::move(undo));
        co_return std::move(admitted).error().While("create " + making->intent.name);
    }
    c_.Post(vim::VmCreatedEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, base::Cat("created by ", user));
    co_return vim::Any(ref);
}

Lifecycle::Done Lifecycle::ResumeCreate(task::Unfinished what, task::Progress& progress) {
    Intent intent = Intent::Parse(what.begun);
    bool known = c_.Find({&Vm::kType, intent.id});
    auto settled = co_await Settle(intent, !what.step.empty());
    if (!settled) co_return std::move(settled).error();
    if (!known) c_.Post(vim::VmCreatedEvent(), *settled, what.user, progress.chain_id());
    co_return vim::Any(*settled);
}

// After a restart. The .vmx is written last: when it is there, all is; else what was begun goes.
rt::Co<vim::Result<vim::Ref>> Lifecycle::Settle(Intent intent, bool begun) {
    c_.registry.Skip(intent.id);
    auto located = Locate(c_.volumes.Now(), intent.vmx);
    if (!located) co_return std::move(located).error();
    vim::Ref ref{&Vm::kType, intent.id};
    if (c_.Find(ref)) co_return ref;
    auto there = [file = located->Absolute()] { return There(file); };
    if (begun && co_await c_.pool.Run(std::move(there))) co_return co_await Admit(intent);
    if (!begun) intent.makes.clear();                    // nothing was made yet, or only an empty folder
    auto undo = [intent, volumes = c_.volumes.Now()] {
        UndoFiles(intent, volumes);
        return true;
    };
    (void)co_await c_.pool.Run(std::move(undo));
    co_return Interrupted(
        base::Cat("the host agent was restarted while ", intent.name, " was being created; nothing of it is left"));
}

}  // namespace vm
