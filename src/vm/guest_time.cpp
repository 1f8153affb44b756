#include "vm/guest_time.h"

#include "base/log.h"
#include "base/text.h"
#include "rt/signal.h"

namespace vm {
namespace {

constexpr auto kPatience = std::chrono::minutes(2);

bool IsAllowed(const Vm& vm) {
    return vm.config && (!vm.config->tools || vm.config->tools->sync_time_with_host_allowed.value_or(true));
}

bool IsWanted(const Vm& vm, std::string_view option) {
    const std::string* text = IsAllowed(vm) ? ExtraConfig(*vm.config, option) : nullptr;
    return IsAllowed(vm) && (!text || !(base::EqualNoCase(*text, "FALSE") || *text == "0"));
}

bool AgentAnswers(const Vm& vm) {
    return vm.runtime->power_state == PowerState::kPoweredOn && vm.guest &&
           vm.guest->tools_running_status == "guestToolsRunning";
}

}  // namespace

rt::Co<void> GuestTime::AfterStandstill(vim::Ref ref, std::string_view option) {
    auto changed = std::make_shared<rt::Signal>();
    int token = c_.inventory.OnCommit([changed] { changed->Notify(); });
    auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto vm = c_.Get(ref);
        bool runs = vm && vm->runtime->power_state == PowerState::kPoweredOn && IsWanted(*vm, option);
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (!runs || left <= base::Duration::zero()) break;
        if (AgentAnswers(*vm)) {
            auto set = co_await c_.hypervisor.SetGuestTime(ref.id);
            if (!set)
                base::LogWarning("vm " + ref.id,
                                 "the guest's clock was not set after it stood still: " + set.error().message);
            break;
        }
        co_await changed->WaitFor(left);
    }
    c_.inventory.Forget(token);
}

void GuestTime::StartCatchingUp(const Vm& vm) {
    bool wanted = IsAllowed(vm) && vm.config->tools && vm.config->tools->sync_time_with_host.value_or(false);
    if (!wanted || !AgentAnswers(vm) || !c_.spawn || !busy_.insert(vm.self.id).second) return;
    c_.spawn(CatchUp(vm.self));
}

void GuestTime::AgentCame(const vim::Ref& ref) {
    if (auto vm = c_.Get(ref)) StartCatchingUp(*vm);
}

rt::Co<void> GuestTime::Run(const bool& stopping) {
    while (!stopping) {
        co_await c_.timer.Sleep(options.every);
        for (const auto& [id, record] : c_.records)
            if (auto vm = c_.Get(record.ref)) StartCatchingUp(*vm);
    }
}

rt::Co<void> GuestTime::CatchUp(vim::Ref ref) {
    auto lag = co_await c_.hypervisor.GuestTimeLag(ref.id);
    base::Result<> set;
    if (lag && *lag > options.tolerated) {
        set = co_await c_.hypervisor.SetGuestTime(ref.id);
        if (set)
            base::LogInfo("vm " + ref.id,
                          base::Cat("the guest's clock was ", lag->count() / 1000, " ms late and was set"));
    }
    if (!set) base::LogWarning("vm " + ref.id, "the guest's clock was not set: " + set.error().message);
    busy_.erase(ref.id);
}

}  // namespace vm
