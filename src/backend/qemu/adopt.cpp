// Machine: finding VMs again that an earlier hostd started.
#include <signal.h>
#include <unistd.h>

#include "backend/qemu/cgroup.h"
#include "backend/qemu/freeze.h"
#include "backend/qemu/machine.h"
#include "backend/qemu/tpm.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"

namespace backend::qemu {
namespace {

constexpr auto kAnswerTime = std::chrono::seconds(10);

// An earlier hostd died after it had made the process and before it noted its number.
void NoteProcess(const RunDir& dir, RunRecord& record, pid_t pid) {
    record.pid = pid;
    record.start_time = StartTimeOf(pid).value_or(0);
    auto noted = EnterCgroups(record.cgroups, pid);
    if (noted) noted = dir.Write(record);
    if (!noted) base::LogWarning(record.vm, noted.error().message);
}

// An earlier hostd died while it suspended this VM: it runs on, and no file is left.
rt::Co<base::Result<>> UndoSuspend(std::shared_ptr<RunningVm> vm, std::string state) {
    CO_TRY(qemu, vm->monitor());
    (void)co_await qmp::MigrateCancel(*qemu);
    unlink((state + ".part").c_str());
    unlink(state.c_str());
    vm->dir().RemoveSuspendNote();
    base::LogWarning(vm->record().vm, "a suspend was cut off by a restart; the virtual machine runs on");
    constexpr int kTries = 50;           // a migration that is being cancelled refuses "cont" for a moment
    for (int i = 1;; ++i) {
        auto again = co_await qmp::Cont(*qemu);
        if (again || i == kTries) co_return again;
        auto never = [] { return false; };
        co_await vm->WaitFor(never, std::chrono::milliseconds(20));
    }
}

}  // namespace

// kNotFound: it never ran, so it is none to adopt.
rt::Co<base::Result<>> Machine::Reconnect(Vm vm) {
    CO_CHECK(co_await vm->Connect(kAnswerTime));
    CO_TRY(status, co_await vm->CatchUp());
    if (status.status == "prelaunch" || status.status == "inmigrate")
        co_return base::Error{base::Code::kNotFound, "its start was cut off by a restart"};
    std::string note = vm->dir().SuspendNote();
    if (!note.empty()) CO_CHECK(co_await UndoSuspend(vm, std::move(note)));
    if (vm->dir().MarkWords(RunDir::Mark::kFrozen)) co_await rt::Detach(Thaw(vm));
    co_return base::Result<>{};
}

rt::Co<std::optional<Hypervisor::Found>> Machine::AdoptOne(std::string id) {
    RunDir dir(options_.run, id);
    auto record = dir.Read();
    pid_t pid = dir.FindProcess(record ? *record : RunRecord());
    auto process = pid ? rt::Process::Open(pid) : base::Error{base::Code::kNotFound, "its process is gone"};
    if (!process || !process->running() || (record && record->pid && StartTimeOf(pid) != record->start_time)) {
        if (record) EndTpm(*record);
        if (record) RemoveCgroups(record->cgroups);
        dir.Remove();
        if (record && record->pid) co_return Found{std::move(id), RunState::kStopped, {}};
        co_return std::nullopt;          // it was never started
    }
    RunRecord known = record ? *std::move(record) : RunRecord();
    known.vm = id;
    if (!known.pid) NoteProcess(dir, known, pid);
    auto vm = std::make_shared<RunningVm>(*std::move(process), std::move(known), dir, MakeListener());
    vms_[id] = vm;
    co_await vm->Watch();
    auto connected = co_await Reconnect(vm);
    auto ended = [&vm] { return vm->ended(); };
    if (!connected && co_await vm->WaitFor(ended, std::chrono::seconds(1))) co_return std::nullopt;
    if (!connected && connected.error().code == base::Code::kNotFound) {
        base::LogWarning(id, connected.error().message);
        co_await vm->End();
        co_return std::nullopt;
    }
    if (!connected) base::LogError(id, "its QEMU runs but does not answer: " + connected.error().message);
    vm->Announce();
    base::Time started{base::Duration(vm->record().powered_on)};
    co_return Found{id, vm->state(), vm->guest(), vm->record().drives, vm->record().down, vm->why_paused(), started};
}

rt::Co<base::Result<std::vector<Hypervisor::Found>>> Machine::Adopt() {
    std::vector<Found> found;
    for (std::string& id : ListRunDirs(options_.run)) {
        if (vms_.contains(id) || starting_.contains(id)) continue;
        auto one = co_await AdoptOne(std::move(id));
        if (one) found.push_back(*std::move(one));
    }
    co_return found;
}

}  // namespace backend::qemu
