// What the backend reports, brought into the inventory: one report, one edit.
#pragma once

#include "vim/gen/calls_vm.h"
#include "vm/questions.h"

namespace vm {

class GuestTime;
class Tracking;

class Watch {
public:
    Watch(Context& context, Questions& questions, Tracking& tracking, GuestTime& guest_time)
        : c_(context), questions_(questions), tracking_(tracking), guest_time_(guest_time) {}

    void Attach();                                       // sets the backend's on_event; before Open()
    vim::Result<> ResetGuestInformation(vim::call::ResetGuestInformation call);
    // Asks about VMs that were found paused; after Load() and once tasks were resumed.
    void AskAboutPaused();
    // Tells of those that ended while hostd did not run; at the same time.
    rt::Co<void> TellOfEnded();

private:
    void OnEvent(const backend::Event& event);
    void OnGuestInfo(const vim::Ref& vm, const backend::GuestInfo& guest);
    void OnWatchdog(const vim::Ref& vm, const std::string& action);
    void OnStopped(const vim::Ref& vm, const std::string& how);
    void OnPaused(const vim::Ref& vm, const std::string& why);
    bool AskAboutStorage(const vim::Ref& vm, const std::string& why);    // false: that is not why
    void AskWhetherToGoOn(const vim::Ref& vm, std::string message_id, std::string text);
    rt::Co<vim::Result<>> GoOnOrStop(vim::Ref vm, std::string answer);

    Context& c_;
    Questions& questions_;
    Tracking& tracking_;
    GuestTime& guest_time_;
};

}  // namespace vm
