// Power: on, off, reset, suspend and what is asked of the guest itself.
//
// The state that clients see changes when the backend says that it did; a task's own end
// is told by the task.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/customization.h"
#include "vm/guest_time.h"
#include "vm/identity.h"

namespace vm {

class Tracking;

class Power {
public:
    struct Parts {
        Questions& questions;
        Tracking& tracking;
        Customization& customization;
        GuestTime& guest_time;
    };
    Power(Context& context, Parts parts)
        : c_(context),
          identity_(context, parts.questions),
          tracking_(parts.tracking),
          customization_(parts.customization),
          guest_time_(parts.guest_time) {}

    rt::Co<vim::Result<vim::Ref>> PowerOn(vim::call::PowerOnVM call, std::string user);
    rt::Co<vim::Result<vim::Ref>> PowerOff(vim::call::PowerOffVM call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Reset(vim::call::ResetVM call, std::string user);
    rt::Co<vim::Result<vim::Ref>> Suspend(vim::call::SuspendVM call, std::string user);
    rt::Co<vim::Result<>> Terminate(vim::call::TerminateVM call, std::string user);
    rt::Co<vim::Result<>> ShutdownGuest(vim::call::ShutdownGuest call, std::string user);
    rt::Co<vim::Result<>> RebootGuest(vim::call::RebootGuest call, std::string user);
    rt::Co<vim::Result<>> StandbyGuest(vim::call::StandbyGuest call, std::string user);

    // For reverting: a suspended VM's state is given up; a VM goes on from a file of memory.
    rt::Co<void> GiveUpState(vim::Ref vm);
    rt::Co<vim::Result<>> GoOn(vim::Ref vm, std::string memory, std::string user, task::Progress& progress);
    void SetStateOf(const vim::Ref& vm, PowerState state) { SetState(vm, state); }

    // How unfinished ones end after a restart.
    void RegisterResumers();

private:
    using Done = rt::Co<vim::Result<vim::Any>>;
    Done RunPowerOn(vim::Ref vm, std::string user, task::Progress& progress);
    Done RunPowerOff(vim::Ref vm, std::string user, task::Progress& progress);
    Done RunReset(vim::Ref vm, std::string user, task::Progress& progress);
    Done RunSuspend(vim::Ref vm, std::string user, std::string state, task::Progress& progress);
    Done ResumePowerOn(task::Unfinished what, task::Progress& progress);
    Done ResumePowerOff(task::Unfinished what, task::Progress& progress);
    Done ResumeReset(task::Unfinished what, task::Progress& progress);
    Done ResumeSuspend(task::Unfinished what, task::Progress& progress);

    template <class Event> Done Ended(PowerState state, Event event, vim::Ref vm, std::string user, int chain);

    struct Start {
        backend::VmSpec spec;
        std::string state;
        SeedAtStart seed;
    };
    // `memory`: its guest goes on with what it had, though it is off now.
    rt::Co<vim::Result<Start>> PrepareStart(vim::Ref vm, bool memory = false);
    rt::Co<vim::Result<Start>> PrepareForeign(vim::Ref vm, task::Progress& progress);
    rt::Co<base::Result<>> StartAnew(vim::Ref vm);
    rt::Co<base::Result<>> ForgetState(vim::Ref vm);     // a suspended VM's file and the line about it
    rt::Co<vim::Result<>> AskGuest(vim::Ref vm, std::string user, int what);
    std::string StateFileOf(const Record& record) const;
    vim::Result<> RoomToSuspend(const Record& record) const;
    // `since`: when it was powered on, if that was not now.
    void SetState(const vim::Ref& vm, PowerState state, std::optional<base::Time> since = {});
    rt::Co<void> ForgetSetup(vim::Ref vm);
    rt::Co<bool> RotateLogs(vim::Ref vm);              // true: there are other files now

    Context& c_;
    Identity identity_;
    Tracking& tracking_;
    Customization& customization_;
    GuestTime& guest_time_;
};

}  // namespace vm
