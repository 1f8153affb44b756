#include "vm/guest_time.h"

#include "base/log.h"
#include "base/text.h"
#include "rt/signal.h"

namespace vm {
namespace {

constexpr auto kPatience = std::chrono::minutes(2);

bool IsWanted(const Vm& vm) {
    const std::string* option = vm.config ? ExtraConfig(*vm.config, "time.synchronize.resume.disk") : nullptr;
    return !option || !(base::EqualNoCase(*option, "FALSE") || *option == "0");
}

}  // namespace

rt::Co<void> SetTimeAfterResume(Context& c, vim::Ref ref) {
    auto changed = std::make_shared<rt::Signal>();
    int token = c.inventory.OnCommit([changed] { changed->Notify(); });
    auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto vm = c.Get(ref);
        bool runs = vm && vm->runtime->power_state == PowerState::kPoweredOn && IsWanted(*vm);
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (!runs || left <= base::Duration::zero()) break;
        if (vm->guest && vm->guest->tools_running_status == "guestToolsRunning") {
            auto set = co_await c.hypervisor.SetGuestTime(ref.id);
            if (!set)
                base::LogWarning("vm " + ref.id,
                                 "the guest's clock was not set after the resume: " + set.error().message);
            break;
        }
        co_await changed->WaitFor(left);
    }
    c.inventory.Forget(token);
}

}  // namespace vm
