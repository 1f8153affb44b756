#include "vm/power.h"

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "rt/loop.h"
#include "vm/backend_spec.h"
#include "vm/disk_files.h"
#include "vm/foreign_disks.h"
#include "vm/growth.h"
#include "vm/in_use.h"
#include "vm/log_rules.h"
#include "vm/move_plan.h"
#include "vm/ovf_environment.h"
#include "vm/pools.h"
#include "vm/scratch_disks.h"
#include "vm/tracking.h"

namespace vm {

// What an operation that did not work leaves: the fault, and the event that holds it.
template <class Event>
static vim::Fault Failed(Context& c, Event event, vim::Fault fault, const vim::Ref& vm, const std::string& user,
                         int chain) {
    event.reason = AsData(fault);
    c.Post(std::move(event), vm, user, chain);
    return fault;
}

// ... and one that left the VM without a running machine.
template <class Event>
Power::Done Power::Ended(PowerState state, Event event, vim::Ref vm, std::string user, int chain) {
    SetState(vm, state);
    c_.Post(std::move(event), vm, user, chain);
    co_await c_.Note(vm, state == PowerState::kSuspended ? "suspended" : "powered off");
    (void)co_await c_.Refresh(vm);
    co_return vim::Any();
}

void Power::SetState(const vim::Ref& vm, PowerState state, std::optional<base::Time> since) {
    c_.Change(vm, [&](Vm& v) {
        if (v.runtime->power_state != state) SetPower(v, state, c_.timer.Now());
        if (since) v.runtime.Mut().boot_time = since;    // also where the backend has told of it already
    });
    if (state == PowerState::kPoweredOn) c_.pools->Take(vm);
    else c_.pools->Release(vm);
}

std::string Power::StateFileOf(const Record& record) const {
    if (record.file.empty()) return base::Cat(c_.options.scratch, "/vm-", record.ref.id, ".vmss");
    return vm::StateFileOf(c_.HomeOf(record));
}

rt::Co<base::Result<>> Power::ForgetState(vim::Ref vm) {
    Record* record = c_.Find(vm);
    if (!record) co_return base::Result<>{};
    auto forget = [file = record->file, state = StateFileOf(*record)]() -> base::Result<> {
        if (!file.empty()) CHECK(SetVmxLine(file, kSuspendKey, ""));
        return RemoveFile(state);
    };
    co_return co_await c_.pool.Run(std::move(forget));
}

// The firmware's set-up was asked for once.
rt::Co<void> Power::ForgetSetup(vim::Ref vm) {
    Record* record = c_.Find(vm);
    if (!record || record->file.empty()) co_return;
    auto forget = [file = record->file] { return SetVmxLine(file, "bios.forceSetupOnce", ""); };
    if (auto forgot = co_await c_.pool.Run(std::move(forget)); !forgot)
        base::LogWarning("vm " + vm.id, forgot.error().message);
    (void)co_await c_.Refresh(vm);
}

// Each start has logs of its own; those of earlier ones are kept beside them, so many and no more.
rt::Co<bool> Power::RotateLogs(vim::Ref ref) {
    auto vm = c_.Get(ref);
    Record* record = c_.Find(ref);
    if (!vm || !record || record->file.empty()) co_return false;
    auto rotate = [folder = record->file.substr(0, record->file.rfind('/')), rules = LogRulesOf(*vm->config)] {
        return RotateAtStart(folder, rules);
    };
    co_return co_await c_.pool.Run(std::move(rotate));
}

// --- on

rt::Co<vim::Result<vim::Ref>> Power::PowerOn(vim::call::PowerOnVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    if (vm->runtime->power_state == PowerState::kPoweredOn)
        co_return vim::Fault(vim::InvalidPowerState(PowerState::kPoweredOn, PowerState::kPoweredOn),
                             vm->name + " is powered on already");
    if (vm->config->template_)
        co_return vim::Fault(vim::InvalidState(), vm->name + " is a template; make it a virtual machine first");
    task::Work work = [this, ref = call.self, user](task::Progress& p) { return RunPowerOn(ref, user, p); };
    co_return co_await c_.StartTask(vim::call::PowerOnVM::kMethod, call.self, user, std::move(work));
}

rt::Co<vim::Result<Power::Start>> Power::PrepareStart(vim::Ref ref, bool memory) {
    CO_TRY(vm, c_.Usable(ref));
    Record* record = c_.Find(ref);
    Home home = c_.HomeOf(*record);
    if (!home.file.empty()) CO_CHECK(CheckDisksFree(*c_.inventory.Now(), ref, *vm->config));
    bool suspended = vm->runtime->power_state == PowerState::kSuspended;
    std::string state = suspended ? StateFileOf(*record) : std::string();
    Config config = *vm->config;
    if (!suspended && !ModulesOf(config).empty()) {      // a cold start makes one piece of its memory
        SetModules(config, {});
        auto forget = [file = record->file] {
            return file.empty() ? base::Result<>() : SetVmxLine(file, kModulesKey, "");
        };
        auto forgot = co_await c_.pool.Run(std::move(forget));
        if (!forgot) co_return FileFault(std::move(forgot).error(), home.vmx);
        (void)co_await c_.Refresh(ref);
    }
    auto make = [id = ref.id, config, folder = home.file.empty() ? std::string() : home.Folder(), home,
                 now = c_.timer.Now(), suspended, memory, state]() -> vim::Result<Start> {
        TRY(spec, MakeSpec(id, config, folder, home.volumes));
        Start start{std::move(spec), state, {}};
        if (home.file.empty()) return start;
        if (auto given = AddOvfEnvironment(config, folder, now, suspended, start.spec); !given)
            return FileFault(std::move(given).error().While("write the OVF properties"), home.vmx);
        auto seed = AddSeed(config, home.file, suspended || memory, start.spec);
        if (!seed) return FileFault(std::move(seed).error().While("give the guest its customization"), home.vmx);
        start.seed = *std::move(seed);
        auto scratch = MakeScratch(home, config, suspended, start.spec);
        if (!scratch) return FileFault(std::move(scratch).error(), home.vmx);
        return start;
    };
    auto made = co_await c_.pool.Run(std::move(make));
    if (!made) co_return std::move(made).error();
    Start out = *std::move(made);
    co_await tracking_.Open(ref, *vm->config, out.spec);
    out.spec.started = vm->runtime->boot_time.value_or(c_.timer.Now());
    out.spec.pool = Pools::BackendPool(vm->resource_pool);
    out.spec.resources = Pools::ResourcesOf(*vm->config);
    if (const std::string* action = ExtraConfig(*vm->config, kWatchdogKey)) out.spec.watchdog = base::Lower(*action);
    co_return out;
}

// Somebody has put a disk of another make in the place of ours.
rt::Co<vim::Result<Power::Start>> Power::PrepareForeign(vim::Ref ref, task::Progress& progress) {
    Record* record = c_.Find(ref);
    if (!record) co_return vim::Fault(vim::ManagedObjectNotFound(ref));
    Home home = c_.HomeOf(*record);
    CO_CHECK(co_await MakeDisksOurs(c_, std::move(home), progress));
    (void)co_await c_.Refresh(ref);
    co_return co_await PrepareStart(ref);
}

Power::Done Power::RunPowerOn(vim::Ref ref, std::string user, task::Progress& progress) {
    auto before = c_.Get(ref);
    bool resuming = before && before->runtime->power_state == PowerState::kSuspended;
    if (resuming) c_.Post(vim::VmResumingEvent(), ref, user, progress.chain_id());
    else c_.Post(vim::VmStartingEvent(), ref, user, progress.chain_id());
    vim::Result<> started;
    if (!resuming) started = co_await identity_.Settle(ref);
    bool new_logs = started && !resuming && co_await RotateLogs(ref);
    vim::Result<Start> start = Start();
    if (started) start = co_await PrepareStart(ref);
    if (!start && start.error().As<vim::InvalidDiskFormat>()) start = co_await PrepareForeign(ref, progress);
    if (!start) started = start.error();
    if (started) started = c_.pools->Hold(ref);
    bool keeps_memory = started && start->spec.resources.memory.reservation > 0 && !start->spec.pool.empty();
    if (keeps_memory) co_await c_.pools->TellBackend();
    std::optional<base::Time> since;
    if (started) {
        since = start->spec.started;
        backend::Progress percent = [&progress](int done) { progress.Percent(done * 9 / 10); };
        auto run = co_await c_.hypervisor.Start(std::move(start->spec), std::move(start->state), std::move(percent));
        if (!run) started = BackendFault(std::move(run).error().While("power on " + before->name));
    }
    if (!started) {
        c_.pools->Release(ref);
        if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped) co_await tracking_.Unopen(ref);
        vim::Fault fault =
            Failed(c_, vim::VmFailedToPowerOnEvent(), std::move(started).error(), ref, user, progress.chain_id());
        co_await c_.Note(ref, "power on failed: " + fault.message());
        if (!resuming) co_await c_.DropScratch(ref);
        co_return fault;
    }
    SetState(ref, PowerState::kPoweredOn, since);
    if (resuming) {
        if (auto forgot = co_await ForgetState(ref); !forgot) base::LogWarning("vm " + ref.id, forgot.error().message);
        (void)co_await c_.Refresh(ref);
        co_await rt::Detach(guest_time_.AfterStandstill(ref, GuestTime::kAfterResume));
    }
    if (before->config->boot_options && before->config->boot_options->enter_bios_setup.value_or(false))
        co_await ForgetSetup(ref);
    c_.Post(vim::VmPoweredOnEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, resuming ? "resumed" : "powered on");
    const std::string* vnc = ExtraConfig(*before->config, "RemoteDisplay.vnc.enabled");
    if (vnc && base::EqualNoCase(*vnc, "true"))
        co_await c_.Note(ref,
                         "RemoteDisplay.vnc.* is not obeyed: ask for a webmks ticket, which opens the screen in TLS");
    co_await customization_.Begun(ref, std::move(start->seed), resuming);
    if (new_logs) (void)co_await c_.Refresh(ref);        // older ones are listed by other names
    co_return vim::Any();
}

// --- off

rt::Co<vim::Result<vim::Ref>> Power::PowerOff(vim::call::PowerOffVM call, std::string user) {
    auto vm = c_.Get(call.self);  // one that runs may end also while its files are out of reach
    if (!vm || vm->runtime->power_state != PowerState::kPoweredOn) {
        CO_TRY(usable, c_.Usable(call.self));
        vm = std::move(usable);
    }
    if (vm->runtime->power_state == PowerState::kPoweredOff)
        co_return vim::Fault(vim::InvalidPowerState(PowerState::kPoweredOff, PowerState::kPoweredOff),
                             vm->name + " is powered off already");
    task::Work work = [this, ref = call.self, user](task::Progress& p) { return RunPowerOff(ref, user, p); };
    co_return co_await c_.StartTask(vim::call::PowerOffVM::kMethod, call.self, user, std::move(work));
}

Power::Done Power::RunPowerOff(vim::Ref ref, std::string user, task::Progress& progress) {
    c_.Post(vim::VmStoppingEvent(), ref, user, progress.chain_id());
    if (Record* record = c_.Find(ref)) record->leaving = true;
    base::Result<> stopped;
    (void)co_await tracking_.Halt(ref);
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) stopped = co_await c_.hypervisor.Stop(ref.id);
    else stopped = co_await ForgetState(ref);  // what was suspended is given up
    if (Record* record = c_.Find(ref)) record->leaving = false;
    if (!stopped && stopped.error().code != base::Code::kNotFound)
        co_return Failed(c_, vim::VmFailedToPowerOffEvent(),
                         BackendFault(std::move(stopped).error().While("power off")), ref, user, progress.chain_id());
    co_await tracking_.Seal(ref);
    co_await c_.DropScratch(ref);
    co_return co_await Ended(PowerState::kPoweredOff, vim::VmPoweredOffEvent(), ref, user, progress.chain_id());
}

rt::Co<vim::Result<>> Power::Terminate(vim::call::TerminateVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kPoweredOff));
    auto stopped = co_await c_.hypervisor.Stop(call.self.id);  // at once: the changes of tracked disks are lost
    if (!stopped) co_return BackendFault(std::move(stopped).error().While("terminate " + vm->name));
    co_await c_.Note(call.self, "terminated by " + user);
    co_return vim::Result<>{};
}

// --- reset

rt::Co<vim::Result<vim::Ref>> Power::Reset(vim::call::ResetVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kPoweredOn));
    task::Work work = [this, ref = call.self, user](task::Progress& p) { return RunReset(ref, user, p); };
    co_return co_await c_.StartTask(vim::call::ResetVM::kMethod, call.self, user, std::move(work));
}

// What was written to disks in mode nonpersistent is forgotten at a reset as well, and a
// running QEMU cannot forget it. To the guest it is the same.
rt::Co<base::Result<>> Power::StartAnew(vim::Ref ref) {
    auto stopped = co_await c_.hypervisor.Stop(ref.id);
    if (!stopped && stopped.error().code != base::Code::kNotFound) co_return stopped;
    co_await c_.DropScratch(ref);
    auto start = co_await PrepareStart(ref);
    if (!start) co_return base::Error{base::Code::kIo, start.error().message()};
    co_return co_await c_.hypervisor.Start(std::move(start->spec), {}, nullptr);
}

Power::Done Power::RunReset(vim::Ref ref, std::string user, task::Progress& progress) {
    c_.Post(vim::VmResettingEvent(), ref, user, progress.chain_id());
    if (Record* record = c_.Find(ref)) record->leaving = true;
    auto vm = c_.Get(ref);
    bool forgets = vm && vm->config && HasScratchDisks(*vm->config);
    auto reset = forgets ? co_await StartAnew(ref) : co_await c_.hypervisor.Reset(ref.id);
    if (!reset && !forgets) {                            // QEMU 10 may die of it: of LSI Logic after a read error
        base::LogWarning("vm " + ref.id, reset.error().message + "; starting it anew");
        reset = co_await StartAnew(ref);
    }
    if (Record* record = c_.Find(ref)) record->leaving = false;
    if (!reset) {
        bool ended = c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped;
        if (ended) SetState(ref, PowerState::kPoweredOff);
        co_return Failed(c_, vim::VmFailedToResetEvent(), BackendFault(std::move(reset).error().While("reset")), ref,
                         user, progress.chain_id());
    }
    co_await c_.Note(ref, "reset");
    co_return vim::Any();
}

// --- suspend

rt::Co<vim::Result<vim::Ref>> Power::Suspend(vim::call::SuspendVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kSuspended));
    for (const Device& d : vm->config->hardware->device)
        if (d->type().IsA(vim::VirtualNVMEController::kType))
            co_return vim::Fault(vim::InvalidState(),
                                 vm->name +
                                     " has an NVMe controller, whose state cannot be saved: it can be shut down, "
                                     "not suspended. Disks on PVSCSI do not have this limit");
    std::string state = StateFileOf(*c_.Find(call.self));
    task::Work work = [this, ref = call.self, user, state](task::Progress& p) {
        return RunSuspend(ref, user, state, p);
    };
    co_return co_await c_.StartTask(vim::call::SuspendVM::kMethod, call.self, user, std::move(work));
}

// Looked for before its guest stops: for all of its memory, as much as may become of it.
vim::Result<> Power::RoomToSuspend(const Record& record) const {
    auto vm = c_.Get(record.ref);
    if (!vm || record.file.empty()) return {};
    Home home = c_.HomeOf(record);
    return CheckRoomBeside(home, (vm->config->hardware->memory_mb + 64ll) << 20, "to suspend " + vm->name);
}

Power::Done Power::RunSuspend(vim::Ref ref, std::string user, std::string state, task::Progress& progress) {
    c_.Post(vim::VmSuspendingEvent(), ref, user, progress.chain_id());
    Record* record = c_.Find(ref);
    if (record) record->leaving = true;
    backend::Progress percent = [&progress](int done) { progress.Percent(done * 9 / 10); };
    auto room = record ? RoomToSuspend(*record) : vim::Result<>();
    if (!room) {
        if (record) record->leaving = false;
        co_return Failed(c_, vim::VmFailedToSuspendEvent(), std::move(room).error(), ref, user, progress.chain_id());
    }
    bool halted = co_await tracking_.Halt(ref);
    auto suspended = co_await c_.hypervisor.Suspend(ref.id, state, std::move(percent));
    record = c_.Find(ref);
    if (record && suspended && !record->file.empty()) {
        auto write = [file = record->file, name = state.substr(state.rfind('/') + 1)] {
            return SetVmxLine(file, kSuspendKey, name);
        };
        suspended = co_await c_.pool.Run(std::move(write));
    }
    if (suspended) co_await tracking_.Seal(ref);
    else if (halted) (void)co_await c_.hypervisor.Resume(ref.id);
    if ((record = c_.Find(ref))) record->leaving = false;
    if (!suspended) {
        base::Error why = std::move(suspended).error().While("suspend");
        vim::Fault fault = why.code == base::Code::kNoSpace && record ? FileFault(std::move(why), record->vmx)
                                                                      : BackendFault(std::move(why));
        co_return Failed(c_, vim::VmFailedToSuspendEvent(), std::move(fault), ref, user, progress.chain_id());
    }
    co_return co_await Ended(PowerState::kSuspended, vim::VmSuspendedEvent(), ref, user, progress.chain_id());
}

}  // namespace vm
