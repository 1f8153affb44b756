#include "backend/qemu/freeze.h"

#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {

rt::Co<base::Result<>> Freeze(std::shared_ptr<RunningVm> vm, base::Duration patience) {
    constexpr auto kHere = std::chrono::seconds(5);
    // An agent that is silent already has nothing to undo.
    if (auto here = co_await vm->agent().Ask("guest-ping", {}, kHere); !here)
        co_return base::Error{base::Code::kBusy, "the guest agent does not answer: " + here.error().message};
    CO_CHECK(vm->dir().SetMark(RunDir::Mark::kFrozen, {}));
    auto frozen = co_await vm->agent().Ask("guest-fsfreeze-freeze", {}, patience);
    if (frozen) co_return base::Result<>{};
    co_await Thaw(vm);                                   // it may have done half, or be late
    co_return base::Error{base::Code::kBusy,
                          base::Cat("the guest's file systems do not come to rest: ", frozen.error().message)};
}

rt::Co<void> Thaw(std::shared_ptr<RunningVm> vm) {
    constexpr auto kTime = std::chrono::seconds(10);
    constexpr int kTries = 12;
    std::string words;
    for (int i = 0; i < kTries && !vm->ended(); ++i) {
        auto thawed = co_await vm->agent().Ask("guest-fsfreeze-thaw", {}, kTime);
        // An agent that does not know the command has frozen nothing.
        if (thawed || thawed.error().code == base::Code::kDenied) {
            vm->dir().RemoveMark(RunDir::Mark::kFrozen);
            co_return;
        }
        words = thawed.error().message;
        auto never = [] { return false; };
        co_await vm->WaitFor(never, std::chrono::milliseconds(500));
    }
    if (!vm->ended()) base::LogError(vm->record().vm, "the guest's file systems may stand still: " + words);
}

}  // namespace backend::qemu
