// A VM that goes on from the memory of a snapshot.
#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"
#include "vm/power.h"

namespace vm {

rt::Co<void> Power::GiveUpState(vim::Ref ref) {
    if (auto forgot = co_await ForgetState(ref); !forgot) base::LogWarning("vm " + ref.id, forgot.error().message);
}

rt::Co<vim::Result<>> Power::GoOn(vim::Ref ref, std::string memory, std::string user, task::Progress& progress) {
    auto start = co_await PrepareStart(ref, true);
    if (!start) co_return std::move(start).error();
    base::Time since = start->spec.started;
    backend::Progress percent = [&progress](int done) { progress.Percent(50 + done * 9 / 20); };
    auto run = co_await c_.hypervisor.Start(std::move(start->spec), std::move(memory), std::move(percent));
    if (!run) co_return BackendFault(std::move(run).error().While("go on from the memory of the snapshot"));
    SetState(ref, PowerState::kPoweredOn, since);
    c_.Post(vim::VmPoweredOnEvent(), ref, user, progress.chain_id());
    co_await c_.Note(ref, "goes on from the memory of a snapshot");
    co_await rt::Detach(guest_time_.AfterStandstill(ref, GuestTime::kAfterRevert));
    co_await customization_.Begun(ref, std::move(start->seed), true);
    co_return vim::Result<>{};
}

}  // namespace vm
