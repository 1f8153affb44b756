// Machine: a guest that stands still for a moment, without anybody being told.
#include "backend/qemu/machine.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {

rt::Co<base::Result<>> Machine::Hold(std::string id) {
    CO_TRY(vm, Find(id));
    if (vm->dir().MarkWords(RunDir::Mark::kHeld)) co_return base::Result<>{};
    CO_TRY(qemu, vm->monitor());
    bool ran = vm->state() == RunState::kRunning;
    CO_CHECK(vm->dir().SetMark(RunDir::Mark::kHeld, ran ? "ran" : "paused"));
    vm->SetQuiet(true);
    auto stopped = co_await qmp::Stop(*qemu);
    if (!stopped) (void)co_await Release(id);
    co_return stopped;
}

// A state that is still being written keeps "cont" from working for a moment.
rt::Co<base::Result<>> Machine::Release(std::string id) {
    CO_TRY(vm, Find(id));
    auto held = vm->dir().MarkWords(RunDir::Mark::kHeld);
    if (!held) co_return base::Result<>{};
    CO_TRY(qemu, vm->monitor());
    base::Result<> again;
    constexpr int kTries = 100;
    for (int i = 1; *held == "ran"; ++i) {
        again = co_await qmp::Cont(*qemu);
        if (again || i == kTries || vm->ended()) break;
        if (i == 1) (void)co_await qmp::MigrateCancel(*qemu);
        auto never = [] { return false; };
        co_await vm->WaitFor(never, std::chrono::milliseconds(20));
    }
    if (again) vm->dir().RemoveMark(RunDir::Mark::kHeld);
    else base::LogError(id, "it stays paused: " + again.error().message);
    vm->SetQuiet(false);
    co_return again;
}

}  // namespace backend::qemu
