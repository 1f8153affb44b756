// Power operations that a dead hostd left: the backend knows what became of them.
#include <unistd.h>

#include "base/text.h"
#include "vm/disk_files.h"
#include "vm/power.h"

namespace vm {
namespace {

vim::Ref RefOf(const task::Unfinished& what) { return {&vim::VirtualMachine::kType, what.entity_id}; }

}  // namespace

void Power::RegisterResumers() {
    using Resume = Done (Power::*)(task::Unfinished, task::Progress&);
    auto on = [this](const vim::Method& method, Resume resume) {
        c_.tasks.OnResume(std::string(method.task_id), [this, resume](task::Unfinished what, task::Progress& p) {
            if (Record* record = c_.Find(RefOf(what))) record->ended_meanwhile = false;      // the task tells
            return (this->*resume)(std::move(what), p);
        });
    };
    on(vim::call::PowerOnVM::kMethod, &Power::ResumePowerOn);
    on(vim::call::PowerOffVM::kMethod, &Power::ResumePowerOff);
    on(vim::call::ResetVM::kMethod, &Power::ResumeReset);
    on(vim::call::SuspendVM::kMethod, &Power::ResumeSuspend);
}

// The backend found it running, or has removed what was left of it.
Power::Done Power::ResumePowerOn(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref = RefOf(what);
    if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped)
        co_return Interrupted(
            "the host agent was restarted while the virtual machine was being powered on; it does not run");
    // Its state was taken in, but its processors were not let go yet.
    if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kPaused) (void)co_await c_.hypervisor.Resume(ref.id);
    SetState(ref, PowerState::kPoweredOn);
    (void)co_await ForgetState(ref);
    (void)co_await c_.Refresh(ref);
    c_.Post(vim::VmPoweredOnEvent(), ref, what.user, progress.chain_id());
    co_return vim::Any();
}

Power::Done Power::ResumePowerOff(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref = RefOf(what);
    co_return co_await RunPowerOff(ref, what.user, progress);
}

Power::Done Power::ResumeReset(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref = RefOf(what);
    if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kStopped)
        co_return Interrupted(
            "the host agent was restarted while the virtual machine was being reset; it does not run any more");
    co_return co_await RunReset(ref, what.user, progress);
}

// Its process ends only after the state is whole and on the disk. A process that is still
// there had not come so far: the guest goes on.
Power::Done Power::ResumeSuspend(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref = RefOf(what);
    Record* record = c_.Find(ref);
    if (!record) co_return Interrupted("the virtual machine is gone");
    std::string state = StateFileOf(*record);
    if (c_.hypervisor.StateOf(ref.id) != backend::RunState::kStopped) {
        if (c_.hypervisor.StateOf(ref.id) == backend::RunState::kPaused) (void)co_await c_.hypervisor.Resume(ref.id);
        auto remove = [state] { return RemoveFile(state); };
        (void)co_await c_.pool.Run(std::move(remove));
        SetState(ref, PowerState::kPoweredOn);
        (void)co_await c_.Refresh(ref);
        co_return Interrupted("the host agent was restarted while the virtual machine was being suspended; it runs on");
    }
    auto there = [state, file = record->file]() -> base::Result<> {
        if (access(state.c_str(), R_OK)) return base::Error{base::Code::kNotFound, "no " + state};
        if (file.empty()) return {};
        return SetVmxLine(file, kSuspendKey, state.substr(state.rfind('/') + 1));
    };
    auto suspended = co_await c_.pool.Run(std::move(there));
    if (!suspended)
        co_return Interrupted("the virtual machine ended while it was being suspended, and its state is lost");
    SetState(ref, PowerState::kSuspended);
    (void)co_await c_.Refresh(ref);
    c_.Post(vim::VmSuspendedEvent(), ref, what.user, progress.chain_id());
    co_return vim::Any();
}

}  // namespace vm
