// What is asked of the guest: it may refuse, and it does it in its own time.
#include "base/text.h"
#include "vm/power.h"

namespace vm {
namespace {

enum Ask { kShutdown, kReboot, kStandby };

rt::Co<base::Result<>> Call(backend::Hypervisor& hypervisor, std::string id, int what) {
    if (what == kShutdown) return hypervisor.ShutdownGuest(std::move(id));
    if (what == kReboot) return hypervisor.RebootGuest(std::move(id));
    return hypervisor.StandbyGuest(std::move(id));
}

}  // namespace

rt::Co<vim::Result<>> Power::AskGuest(vim::Ref ref, std::string user, int what) {
    CO_TRY(vm, c_.Usable(ref));
    PowerState requested = what == kShutdown ? PowerState::kPoweredOff
                           : what == kReboot ? PowerState::kPoweredOn
                                             : PowerState::kSuspended;
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, requested));
    if (c_.tasks.Busy(ref)) {
        vim::TaskInProgress fault;
        if (!vm->recent_task.empty()) fault.task = vm->recent_task.back();
        co_return vim::Fault(std::move(fault), base::Cat("a task on ", vm->name, " runs; wait for its end"));
    }
    auto asked = co_await Call(c_.hypervisor, ref.id, what);
    if (!asked) {
        vim::Fault fault(vim::ToolsUnavailable(),
                         base::Cat("the guest of ", vm->name, " did not take the request: ", asked.error().message,
                                   " (is its guest agent installed and running?)"));
        auto failed = [&](auto event) {
            event.reason = AsData(fault);
            c_.Post(std::move(event), ref, user);
        };
        if (what == kShutdown) failed(vim::VmFailedToShutdownGuestEvent());
        if (what == kReboot) failed(vim::VmFailedToRebootGuestEvent());
        if (what == kStandby) failed(vim::VmFailedToStandbyGuestEvent());
        co_return fault;
    }
    if (what == kShutdown) c_.Post(vim::VmGuestShutdownEvent(), ref, user);
    if (what == kReboot) c_.Post(vim::VmGuestRebootEvent(), ref, user);
    if (what == kStandby) c_.Post(vim::VmGuestStandbyEvent(), ref, user);
    co_await c_.Note(ref, base::Cat("guest asked to ",
                                    what == kShutdown ? "shut down"
                                    : what == kReboot ? "reboot"
                                                      : "stand by",
                                    " by ", user));
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Power::ShutdownGuest(vim::call::ShutdownGuest call, std::string user) {
    return AskGuest(call.self, std::move(user), kShutdown);
}
rt::Co<vim::Result<>> Power::RebootGuest(vim::call::RebootGuest call, std::string user) {
    return AskGuest(call.self, std::move(user), kReboot);
}
rt::Co<vim::Result<>> Power::StandbyGuest(vim::call::StandbyGuest call, std::string user) {
    return AskGuest(call.self, std::move(user), kStandby);
}

}  // namespace vm
