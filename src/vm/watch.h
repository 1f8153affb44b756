// What the backend reports, brought into the inventory: one report, one edit. And the
// questions that a VM asks when it cannot go on by itself.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/context.h"

namespace vm {

class Tracking;

class Watch {
public:
    Watch(Context& context, Tracking& tracking) : c_(context), tracking_(tracking) {}

    void Attach();                                       // sets the backend's on_event; before Open()
    rt::Co<vim::Result<>> Answer(vim::call::AnswerVM call, std::string user);
    vim::Result<> ResetGuestInformation(vim::call::ResetGuestInformation call);
    // Asks about VMs that were found paused; after Load() and once tasks were resumed.
    void AskAboutPaused();
    // Tells of those that ended while hostd did not run; at the same time.
    rt::Co<void> TellOfEnded();

private:
    void OnEvent(const backend::Event& event);
    void OnWatchdog(const vim::Ref& vm, const std::string& action);
    void OnStopped(const vim::Ref& vm, const std::string& how);
    void OnPaused(const vim::Ref& vm, const std::string& why);
    void Ask(const vim::Ref& vm, std::string message_id, std::string text);

    Context& c_;
    Tracking& tracking_;
    int next_question_ = 1;
};

}  // namespace vm
