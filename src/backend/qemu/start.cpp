// Machine: how a VM comes up.
#include "backend/qemu/changes.h"
#include "backend/qemu/machine.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

// Generous: a hundred starts at once on two cores are slow, not broken.
constexpr auto kGreetingTime = std::chrono::seconds(60);
constexpr auto kRunningTime = std::chrono::minutes(10);   // a large state file is read in this time

// QEMU takes the saved state in by itself, and to let the processors go before it is whole
// would have no effect: the state says that they stand still, and has the last word.
rt::Co<base::Result<>> AwaitState(std::shared_ptr<RunningVm> vm, qmp::Client& qemu) {
    constexpr base::Duration kLongestPause = std::chrono::milliseconds(200);
    base::Duration pause = std::chrono::milliseconds(5);
    auto end = std::chrono::steady_clock::now() + kRunningTime;
    auto never = [] { return false; };
    for (;;) {
        CO_TRY(status, co_await qmp::QueryStatus(qemu));
        if (status.status != "inmigrate") co_return base::Result<>{};
        if (std::chrono::steady_clock::now() > end)
            co_return base::Error{base::Code::kTimeout, "the saved state is not read within ten minutes"};
        co_await vm->WaitFor(never, pause);
        pause = std::min(pause * 2, kLongestPause);
    }
}

void Tell(const Progress& progress, int percent) {
    if (progress) progress(percent);
}

// QEMU says on its log why it gave up; that is what a person wants to read.
base::Error Explain(const RunningVm& vm, const base::Error& error) {
    std::string words = vm.LastWords();
    if (words.empty()) words = error.message;
    base::Code code = error.code;
    if (words.find("Failed to get \"") != std::string::npos) code = base::Code::kBusy;      // an image lock
    if (words.find("Cannot allocate memory") != std::string::npos) code = base::Code::kNoSpace;
    return {code, base::Cat("start virtual machine \"", vm.record().name, "\": ", words)};
}

}  // namespace

rt::Co<base::Result<>> Machine::Start(VmSpec spec, std::string state, Progress progress) {
    std::string id = spec.id;
    if (!IsVmId(id))
        co_return base::Error{base::Code::kInvalid, base::Cat('"', id, "\" cannot name a virtual machine")};
    if (vms_.contains(id) || starting_.contains(id))
        co_return base::Error{base::Code::kExists, base::Cat("virtual machine ", id, " runs already")};
    starting_[id] = PickUser();
    auto result = co_await StartOnce(std::move(spec), std::move(state), std::move(progress));
    starting_.erase(id);
    co_return result;
}

rt::Co<base::Result<>> Machine::StartOnce(VmSpec spec, std::string state, Progress progress) {
    Engine engine{.program = options_.program, .accelerator = accelerator_};
    RunDir dir(options_.run, spec.id);
    LaunchPlan plan{.spec = spec,
                    .state = std::move(state),
                    .engine = std::move(engine),
                    .dir = dir,
                    .user = starting_[spec.id],
                    .cgroup_parents = cgroup_parents_,
                    .pool_path = pools_.PathOf(spec.pool),
                    .core_mhz = options_.core_mhz};
    auto launch = [plan = std::move(plan)]() mutable { return Launch(std::move(plan)); };
    CO_TRY(launched, co_await pool_.Run(std::move(launch)));
    auto vm = std::make_shared<RunningVm>(std::move(launched.process), std::move(launched.record), dir, MakeListener());
    vms_[spec.id] = vm;
    standings_[spec.id] = {spec.pool, spec.resources};
    co_await vm->Watch();
    Tell(progress, 30);
    auto up = co_await BringUp(vm, std::move(spec), progress);
    if (up) co_return up;
    auto over = [&vm] { return vm->ended(); };
    co_await vm->WaitFor(over, std::chrono::seconds(up.error().code == base::Code::kIo ? 2 : 0));
    base::Error why = Explain(*vm, up.error());
    if (!vm->ended()) co_await vm->End();
    co_return why;
}

// Its processors are let go last: until then nothing has happened that a failure would
// have to undo but the process itself.
rt::Co<base::Result<>> Machine::BringUp(Vm vm, VmSpec spec, Progress progress) {
    CO_CHECK(co_await vm->Connect(kGreetingTime));
    Tell(progress, 70);
    CO_TRY(qemu, vm->monitor());
    for (const NicSpec& nic : spec.nics) {
        std::string device = base::Cat("dev-", nic.key);
        if (!nic.connected) CO_CHECK(co_await qmp::SetLink(*qemu, device, false));
    }
    for (const DiskSpec& disk : spec.disks) {
        std::string device = base::Cat("dev-", disk.key);
        if (disk.iops) CO_CHECK(co_await qmp::SetThrottle(*qemu, device, disk.iops));
    }
    CO_CHECK(co_await AwaitState(vm, *qemu));
    CO_CHECK(co_await TrackAtStart(*qemu, spec));
    vm->Announce();
    CO_CHECK(co_await qmp::Cont(*qemu));
    auto runs = [&vm] { return vm->state() == RunState::kRunning; };
    if (!co_await vm->WaitFor(runs, kRunningTime))
        co_return base::Error{vm->ended() ? base::Code::kIo : base::Code::kTimeout, "its processors do not start"};
    Tell(progress, 100);
    co_return base::Result<>{};
}

}  // namespace backend::qemu
