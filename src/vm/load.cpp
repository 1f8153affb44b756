// At start: the list of VMs, each folder, and what runs.
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/placement.h"
#include "rt/files.h"
#include "vm/lifecycle.h"
#include "vm/snapshot_nodes.h"

namespace vm {

std::vector<Lifecycle::Read> Lifecycle::ReadAll(std::vector<Registry::Entry> entries, VolumeList volumes) {
    std::vector<Read> out;
    for (Registry::Entry& entry : entries) {
        Read read{entry, {}, base::Error{base::Code::kInvalid, "its path makes no sense"}};
        auto located = Locate(volumes, entry.path);
        if (located) {
            read.home = {located->path, located->Absolute(), volumes};
            rt::RemoveCutOffWrites(read.home.Folder());
            read.loaded = LoadFolder(read.home);
            read.reachable = read.loaded || read.loaded.error().code == base::Code::kInvalid;
        } else {
            if (auto path = DatastorePath::Parse(entry.path)) read.home = {*path, "", volumes};
            read.loaded = base::Error{base::Code::kNotFound, located.error().message()};
        }
        out.push_back(std::move(read));
    }
    return out;
}

rt::Co<base::Result<>> Lifecycle::Load() {
    auto list = [this] { return c_.registry.Load(); };
    CO_CHECK(co_await c_.pool.Run(std::move(list)));
    auto read = [entries = c_.registry.Entries(), volumes = c_.volumes.Now()] { return ReadAll(entries, volumes); };
    auto all = co_await c_.pool.Run(std::move(read));
    auto edit = c_.inventory.Begin();
    for (Read& one : all) {
        vim::Ref ref{&Vm::kType, one.entry.id};
        c_.records[one.entry.id] = {.ref = ref, .vmx = one.home.vmx, .file = one.home.file};
        Vm node;
        if (one.loaded) {
            PlaceSnapshots(edit, ref, *one.loaded);
            node = NewNode(ref, *one.loaded, c_.options.host, c_.timer.Now());
            node.datastore = DatastoresOf(*one.loaded, one.home.volumes, one.home.vmx);
            node.network = NetworksOf(one.loaded->config);
            for (const std::string& trouble : one.loaded->troubles) base::LogWarning("vm " + one.entry.id, trouble);
        } else {
            std::string why = base::Cat(one.entry.path, " cannot be read: ", one.loaded.error().message,
                                        "; mend or restore the file and reload, or unregister the virtual machine");
            base::LogError("vm " + one.entry.id, why);
            node = BrokenNode(ref, one.home.vmx, one.reachable, std::move(why), c_.timer.Now());
            if (const Volume* volume = FindVolume(one.home.volumes, one.home.vmx.datastore))
                node.datastore.push_back(volume->datastore);
        }
        if (vim::Ref place = host::RefTo<vim::ResourcePool>(one.entry.pool); edit.Get<vim::ResourcePool>(place))
            node.resource_pool = place;
        host::PlaceVm(edit, std::move(node));
    }
    edit.Commit();
    co_return co_await AdoptRunning();
}

// What is in the drives, and which links are up, may differ from how the VM was started.
static void ConnectAsFound(Vm& vm, const backend::Hypervisor::Found& found) {
    if (!vm.config) return;
    auto has = [](const std::vector<int>& keys, int key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    for (Device& d : vm.config.Mut().hardware.Mut().device) {
        bool nic = d->type().IsA(vim::VirtualEthernetCard::kType);
        bool drive = d->type().IsA(vim::VirtualCdrom::kType) || d->type().IsA(vim::VirtualFloppy::kType);
        if (!d->connectable || (!nic && !drive)) continue;
        bool connected = nic ? !has(found.down, d->key) : has(found.media, d->key);
        if (d->connectable->connected != connected) d.Mut().connectable.Mut().connected = connected;
    }
}

rt::Co<base::Result<>> Lifecycle::AdoptRunning() {
    CO_TRY(found, co_await c_.hypervisor.Adopt());
    std::set<std::string> running;
    auto edit = c_.inventory.Begin();
    for (const backend::Hypervisor::Found& one : found) {
        vim::Ref ref{&Vm::kType, one.vm};
        Record* record = c_.Find(ref);
        if (one.state == backend::RunState::kStopped) {
            if (record) record->ended_meanwhile = true;
            continue;
        }
        if (!record) {
            base::LogError(
                "vm " + one.vm,
                "a guest of this id runs, but no virtual machine of that id is registered; it is left alone");
            continue;
        }
        running.insert(one.vm);
        record->paused_why = one.why;
        edit.Change<Vm>(ref, [&](Vm& vm) {
            SetPower(vm, PowerState::kPoweredOn, one.started == base::Time{} ? c_.timer.Now() : one.started);
            vm.runtime.Mut().paused = one.state == backend::RunState::kPaused;
            ConnectAsFound(vm, one);
            SetGuest(vm, one.guest);
            if (one.guest.agent) SetHeartbeat(vm, true);
        });
    }
    for (const auto& [id, record] : c_.records) edit.Change<Vm>(record.ref, [&](Vm& vm) { DeriveSummary(vm); });
    edit.Commit();
    std::vector<vim::Ref> off;
    for (const auto& [id, record] : c_.records) {
        auto vm = c_.Get(record.ref);
        if (vm && vm->runtime->power_state == PowerState::kPoweredOff) off.push_back(record.ref);
    }
    for (const vim::Ref& ref : off) co_await c_.DropScratch(ref);
    base::LogInfo("vm", base::Cat(c_.records.size(), " virtual machines, ", running.size(), " of them running"));
    co_return base::Result<>{};
}

void Lifecycle::RegisterResumers() {
    using Resume = Done (Lifecycle::*)(task::Unfinished, task::Progress&);
    auto on = [this](const vim::Method& method, Resume resume) {
        c_.tasks.OnResume(std::string(method.task_id), [this, resume](task::Unfinished what, task::Progress& p) {
            return (this->*resume)(std::move(what), p);
        });
    };
    on(vim::call::CreateVM::kMethod, &Lifecycle::ResumeCreate);
    on(vim::call::CreateChildVM::kMethod, &Lifecycle::ResumeCreate);
    on(vim::call::RegisterVM::kMethod, &Lifecycle::ResumeRegister);
    on(vim::call::RegisterChildVM::kMethod, &Lifecycle::ResumeRegister);
    on(vim::call::Destroy::kMethod, &Lifecycle::ResumeDestroy);
}

}  // namespace vm
