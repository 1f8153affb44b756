#include "vm/power.h"

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vm/backend_spec.h"
#include "vm/boot_time.h"
#include "vm/disk_files.h"
#include "vm/log_rules.h"
#include "vm/pools.h"

namespace vm {

void Power::SetState(const vim::Ref& vm, PowerState state) {
    c_.Change(vm, [&](Vm& v) {
        if (v.runtime->power_state != state) SetPower(v, state, c_.timer.Now());
    });
    if (state == PowerState::kPoweredOn) c_.pools->Take(vm);
    else c_.pools->Release(vm);
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
    out.spec.pool = Pools::BackendPool(vm->resource_pool);
    out.spec.resources = Pools::ResourcesOf(*vm->config);
    if (const std::string* action = ExtraConfig(*vm->config, kWatchdogKey)) out.spec.watchdog = base::Lower(*action);
    co_return out;
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
    if (!start) started = std::move(start).error();
    if (started) started = c_.pools->Hold(ref);
    bool keeps_memory = started && start->spec.resources.memory.reservation > 0 && !start->spec.pool.empty();
    if (keeps_memory) co_await c_.pools->TellBackend();
    if (started) {
        backend::Progress percent = [&progress](int done) { progress.Percent(done * 9 / 10); };
        auto run = co_await c_.hypervisor.Start(std::move(start->spec), std::move(start->state), std::move(percent));
        if (!run) started = BackendFault(std::move(run).error().While("power on " + before->name));
    }
    if (!started) {
        c_.pools->Release(ref);
        vim::VmFailedToPowerOnEvent failed;
        failed.reason = AsData(started.error());
        c_.Post(std::move(failed), ref, user, progress.chain_id());
        co_await c_.Note(ref, "power on failed: " + started.error().message());
        co_return std::move(started).error();
    }
    SetState(ref, PowerState::kPoweredOn);
    if (resuming) {
        if (auto forgot = co_await ForgetState(ref); !forgot) base::LogWarning("vm " + ref.id, forgot.error().message);
        (void)co_await c_.Refresh(ref);
    }
    co_await KeepBootTime(ref);
    c_.Post(vim::VmPoweredOnEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, resuming ? "resumed" : "powered on");
    if (new_logs) (void)co_await c_.Refresh(ref);        // older ones are listed by other names
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
    if (!stopped && stopped.error().code != base::Code::kNotFound) {
        vim::Fault fault = BackendFault(std::move(stopped).error().While("power off"));
        vim::VmFailedToPowerOffEvent failed;
        failed.reason = AsData(fault);
        c_.Post(std::move(failed), ref, user, progress.chain_id());
        co_return fault;
    }
    SetState(ref, PowerState::kPoweredOff);
    c_.Post(vim::VmPoweredOffEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, "powered off");
    (void)co_await c_.Refresh(ref);
    co_return vim::Any();
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
    if (!reset) {
        vim::Fault fault = BackendFault(std::move(reset).error().While("reset"));
        vim::VmFailedToResetEvent failed;
        failed.reason = AsData(fault);
        c_.Post(std::move(failed), ref, user, progress.chain_id());
        co_return fault;
    }
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
    if (!suspended) {
        vim::Fault fault = BackendFault(std::move(suspended).error().While("suspend"));
        vim::VmFailedToSuspendEvent failed;
        failed.reason = AsData(fault);
        c_.Post(std::move(failed), ref, user, progress.chain_id());
        co_return fault;
    }
    SetState(ref, PowerState::kSuspended);
    c_.Post(vim::VmSuspendedEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, "suspended");
    (void)co_await c_.Refresh(ref);
    co_return vim::Any();
}

}  // namespace vm
