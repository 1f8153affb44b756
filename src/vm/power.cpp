#include "vm/power.h"

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vm/backend_spec.h"
#include "vm/boot_time.h"
#include "vm/disk_files.h"

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

void Power::SetState(const vim::Ref& vm, PowerState state) {
    c_.Change(vm, [&](Vm& v) {
        if (v.runtime->power_state != state) SetPower(v, state, c_.timer.Now());
    });
}

std::string Power::StateFileOf(const Record& record) const {
    if (record.file.empty()) return base::Cat(c_.options.scratch, "/vm-", record.ref.id, ".vmss");
    std::string stem = record.file.substr(0, record.file.size() - std::string_view(".vmx").size());
    return stem + ".vmss";
}

rt::Co<void> Power::KeepBootTime(vim::Ref vm) {
    auto now = c_.Get(vm);
    if (!now || !now->runtime->boot_time || c_.options.scratch.empty()) co_return;
    auto keep = [file = BootTimeFile(c_.options.scratch, vm.id), at = *now->runtime->boot_time] {
        return SaveBootTime(file, at);
    };
    (void)co_await c_.pool.Run(std::move(keep));         // without it the time of our own start is shown later
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

rt::Co<vim::Result<Power::Start>> Power::PrepareStart(vim::Ref ref) {
    CO_TRY(vm, c_.Usable(ref));
    Record* record = c_.Find(ref);
    Home home = c_.HomeOf(*record);
    bool suspended = vm->runtime->power_state == PowerState::kSuspended;
    std::string state = suspended ? StateFileOf(*record) : std::string();
    auto make = [id = ref.id, config = *vm->config, folder = home.file.empty() ? std::string() : home.Folder(), home] {
        return MakeSpec(id, config, folder, home.volumes);
    };
    auto spec = co_await c_.pool.Run(std::move(make));
    if (!spec) co_return std::move(spec).error();
    Start out{*std::move(spec), std::move(state)};
    co_return out;
}

Power::Done Power::RunPowerOn(vim::Ref ref, std::string user, task::Progress& progress) {
    auto before = c_.Get(ref);
    bool resuming = before && before->runtime->power_state == PowerState::kSuspended;
    if (resuming) c_.Post(vim::VmResumingEvent(), ref, user, progress.chain_id());
    else c_.Post(vim::VmStartingEvent(), ref, user, progress.chain_id());
    auto start = co_await PrepareStart(ref);
    vim::Result<> started = start ? vim::Result<>() : vim::Result<>(std::move(start).error());
    if (start) {
        backend::Progress percent = [&progress](int done) { progress.Percent(done * 9 / 10); };
        auto run = co_await c_.hypervisor.Start(std::move(start->spec), std::move(start->state), std::move(percent));
        if (!run) started = BackendFault(std::move(run).error().While("power on " + before->name));
    }
    if (!started) {
        vim::Fault fault =
            Failed(c_, vim::VmFailedToPowerOnEvent(), std::move(started).error(), ref, user, progress.chain_id());
        co_await c_.Note(ref, "power on failed: " + fault.message());
        co_return fault;
    }
    SetState(ref, PowerState::kPoweredOn);
    if (resuming) {
        if (auto forgot = co_await ForgetState(ref); !forgot) base::LogWarning("vm " + ref.id, forgot.error().message);
        (void)co_await c_.Refresh(ref);
    }
    co_await KeepBootTime(ref);
    c_.Post(vim::VmPoweredOnEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, resuming ? "resumed" : "powered on");
    co_return vim::Any();
}

// --- off

rt::Co<vim::Result<vim::Ref>> Power::PowerOff(vim::call::PowerOffVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
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
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) stopped = co_await c_.hypervisor.Stop(ref.id);
    else stopped = co_await ForgetState(ref);            // what was suspended is given up
    if (Record* record = c_.Find(ref)) record->leaving = false;
    if (!stopped && stopped.error().code != base::Code::kNotFound)
        co_return Failed(c_, vim::VmFailedToPowerOffEvent(),
                         BackendFault(std::move(stopped).error().While("power off")), ref, user, progress.chain_id());
    co_return co_await Ended(PowerState::kPoweredOff, vim::VmPoweredOffEvent(), ref, user, progress.chain_id());
}

rt::Co<vim::Result<>> Power::Terminate(vim::call::TerminateVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kPoweredOff));
    auto stopped = co_await c_.hypervisor.Stop(call.self.id);
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

Power::Done Power::RunReset(vim::Ref ref, std::string user, task::Progress& progress) {
    c_.Post(vim::VmResettingEvent(), ref, user, progress.chain_id());
    if (Record* record = c_.Find(ref)) record->leaving = true;
    auto reset = co_await c_.hypervisor.Reset(ref.id);
    if (Record* record = c_.Find(ref)) record->leaving = false;
    if (!reset)
        co_return Failed(c_, vim::VmFailedToResetEvent(), BackendFault(std::move(reset).error().While("reset")), ref,
                         user, progress.chain_id());
    co_await c_.Note(ref, "reset");
    co_return vim::Any();
}

// --- suspend

rt::Co<vim::Result<vim::Ref>> Power::Suspend(vim::call::SuspendVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kSuspended));
    std::string state = StateFileOf(*c_.Find(call.self));
    task::Work work = [this, ref = call.self, user, state](task::Progress& p) {
        return RunSuspend(ref, user, state, p);
    };
    co_return co_await c_.StartTask(vim::call::SuspendVM::kMethod, call.self, user, std::move(work));
}

Power::Done Power::RunSuspend(vim::Ref ref, std::string user, std::string state, task::Progress& progress) {
    c_.Post(vim::VmSuspendingEvent(), ref, user, progress.chain_id());
    if (Record* record = c_.Find(ref)) record->leaving = true;
    backend::Progress percent = [&progress](int done) { progress.Percent(done * 9 / 10); };
    auto suspended = co_await c_.hypervisor.Suspend(ref.id, state, std::move(percent));
    Record* record = c_.Find(ref);
    if (record && suspended && !record->file.empty()) {
        auto write = [file = record->file, name = state.substr(state.rfind('/') + 1)] {
            return SetVmxLine(file, kSuspendKey, name);
        };
        suspended = co_await c_.pool.Run(std::move(write));
    }
    if (record) record->leaving = false;
    if (!suspended)
        co_return Failed(c_, vim::VmFailedToSuspendEvent(), BackendFault(std::move(suspended).error().While("suspend")),
                         ref, user, progress.chain_id());
    co_return co_await Ended(PowerState::kSuspended, vim::VmSuspendedEvent(), ref, user, progress.chain_id());
}

}  // namespace vm
