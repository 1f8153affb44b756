#include "vm/watch.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "vm/guest_time.h"
#include "vm/pools.h"
#include "vm/tracking.h"

namespace vm {

namespace {

// The answers to whether a VM that stands still shall go on.
constexpr std::string_view kRetry = "0", kCancel = "1";

}  // namespace

void Watch::Attach() {
    c_.hypervisor.on_event = [this](const backend::Event& event) { OnEvent(event); };
    tracking_.on_settled = [this](const vim::Ref& vm) {
        if (c_.Find(vm) && c_.hypervisor.StateOf(vm.id) == backend::RunState::kStopped) OnStopped(vm, "");
    };
}

void Watch::OnEvent(const backend::Event& event) {
    vim::Ref ref{&Vm::kType, event.vm};
    Record* record = c_.Find(ref);
    if (!record) return;
    switch (event.kind) {
        case backend::EventKind::kRunning:
            c_.Change(ref, [&](Vm& vm) {
                if (vm.runtime->power_state != PowerState::kPoweredOn)
                    SetPower(vm, PowerState::kPoweredOn, c_.timer.Now());
                vim::VirtualMachineRuntimeInfo& r = vm.runtime.Mut();
                r.paused = false;
                r.question = nullptr;
            });
            c_.pools->Take(ref);
            return;
        case backend::EventKind::kPaused: return OnPaused(ref, event.detail);
        case backend::EventKind::kStopped: return OnStopped(ref, event.detail);
        case backend::EventKind::kGuestShutdown:
            base::LogInfo("vm " + ref.id, "the guest powered itself off");
            tracking_.OnGuestShutdown(ref);
            return;
        case backend::EventKind::kGuestReset:
            if (!record->leaving) c_.Post(vim::VmGuestRebootEvent(), ref, "");
            c_.Change(ref, [&](Vm& vm) { SetGuest(vm, {}); });
            return;
        case backend::EventKind::kGuestPanicked:
            c_.Change(ref, [](Vm& vm) { vm.guest.Mut().guest_kernel_crashed = true; });
            c_.Post(vim::VmGuestOSCrashedEvent(), ref, "");
            return;
        case backend::EventKind::kWatchdog: return OnWatchdog(ref, event.detail);
        case backend::EventKind::kGuestInfo: return OnGuestInfo(ref, event.guest);
        case backend::EventKind::kHeartbeat:
            c_.Change(ref, [&](Vm& vm) {
                if (vm.runtime->power_state == PowerState::kPoweredOn) SetHeartbeat(vm, event.alive);
            });
            return;
    }
}

void Watch::OnGuestInfo(const vim::Ref& ref, const backend::GuestInfo& guest) {
    auto before = c_.Get(ref);
    bool answered = before && before->guest && before->guest->tools_running_status == "guestToolsRunning";
    c_.Change(ref, [&](Vm& vm) {
        if (vm.runtime->power_state == PowerState::kPoweredOn) SetGuest(vm, guest);
    });
    if (guest.agent && !answered) guest_time_.AgentCame(ref);
}

void Watch::OnWatchdog(const vim::Ref& ref, const std::string& action) {
    vim::VmMessageWarningEvent bitten;
    bitten.message = base::Cat("the guest no longer fed its watchdog; what is done about it: ", action);
    base::LogWarning("vm " + ref.id, bitten.message);
    c_.Post(std::move(bitten), ref, "");
}

void Watch::OnStopped(const vim::Ref& ref, const std::string& how) {
    Record* record = c_.Find(ref);
    if (record->leaving) return;                         // its task says what it is now
    if (how.empty() && tracking_.Settling(ref)) return;  // off when its last changes are noted, not before
    auto before = c_.Get(ref);
    if (!before || before->runtime->power_state != PowerState::kPoweredOn) return;
    c_.Change(ref, [&](Vm& vm) {
        SetPower(vm, PowerState::kPoweredOff, c_.timer.Now());
        if (!how.empty()) vm.runtime.Mut().clean_power_off = false;
    });
    c_.pools->Release(ref);
    if (!how.empty()) {
        vim::VmMessageErrorEvent died;
        died.message = base::Cat("the process of the virtual machine ended: ", how);
        base::LogError("vm " + ref.id, died.message);
        c_.Post(std::move(died), ref, "");
    }
    c_.Post(vim::VmPoweredOffEvent(), ref, "");
    if (c_.spawn) c_.spawn(c_.DropScratch(ref));
}

void Watch::OnPaused(const vim::Ref& ref, const std::string& why) {
    Record* record = c_.Find(ref);
    c_.Change(ref, [](Vm& vm) { vm.runtime.Mut().paused = true; });
    if (!record->leaving) (void)AskAboutStorage(ref, why);
}

bool Watch::AskAboutStorage(const vim::Ref& ref, const std::string& why) {
    if (why == "no space")
        AskWhetherToGoOn(
            ref, "msg.hbacommon.outofspace",
            "There is no more space for a virtual disk on its datastore. Make room, then choose Retry to go on, or "
            "Cancel to power the "
            "virtual machine off.");
    else if (why == "io-error")
        AskWhetherToGoOn(
            ref, "msg.hbacommon.ioerror",
            "A virtual disk could not be read or written. Mend its storage, then choose Retry to go on, or Cancel to "
            "power the virtual "
            "machine off.");
    else return false;
    return true;
}

void Watch::AskWhetherToGoOn(const vim::Ref& ref, std::string message_id, std::string text) {
    Questions::Question question;
    question.message_id = std::move(message_id);
    question.text = std::move(text);
    question.choices = {{std::string(kRetry), "Retry"}, {std::string(kCancel), "Cancel"}};
    question.then = [this, ref](std::string answer) { return GoOnOrStop(ref, std::move(answer)); };
    questions_.Ask(ref, std::move(question));
}

rt::Co<vim::Result<>> Watch::GoOnOrStop(vim::Ref ref, std::string answer) {
    base::Result<> done;
    if (answer == kRetry) done = co_await c_.hypervisor.Resume(ref.id);
    else done = co_await c_.hypervisor.Stop(ref.id);
    if (!done) co_return BackendFault(std::move(done).error().While("answer the question"));
    co_return vim::Result<>{};
}

void Watch::AskAboutPaused() {
    for (const auto& [id, record] : c_.records) {
        auto vm = c_.Get(record.ref);
        if (!vm || vm->runtime->power_state != PowerState::kPoweredOn || !vm->runtime->paused.value_or(false) ||
            vm->runtime->question)
            continue;
        if (c_.tasks.Busy(record.ref)) continue;         // a resumed task knows why
        if (tracking_.Settling(record.ref)) continue;    // its guest is off
        if (AskAboutStorage(record.ref, record.paused_why)) continue;
        AskWhetherToGoOn(
            record.ref, "msg.hbacommon.paused",
            "The virtual machine was found paused when the host agent started. Choose Retry to let it go on, or Cancel "
            "to power it off.");
    }
}

rt::Co<void> Watch::TellOfEnded() {
    std::vector<vim::Ref> ended;
    for (auto& [id, record] : c_.records)
        if (std::exchange(record.ended_meanwhile, false)) ended.push_back(record.ref);
    for (const vim::Ref& ref : ended) {
        c_.Post(vim::VmPoweredOffEvent(), ref, "");
        co_await c_.Note(ref, "its process ended while the host agent did not run; why, qemu.log may tell");
    }
}

vim::Result<> Watch::ResetGuestInformation(vim::call::ResetGuestInformation call) {
    TRY(vm, c_.Usable(call.self));
    if (vm->runtime->power_state == PowerState::kPoweredOn)
        return vim::Fault(vim::InvalidState(), vm->name + " runs: what is known of its guest is true");
    c_.Change(call.self, [](Vm& v) { v.guest = GuestOff(); });
    return {};
}

}  // namespace vm
