// Machine: what the guest's agent does inside the guest.
#include "backend/qemu/agent/programs.h"
#include "backend/qemu/machine.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

base::Result<> CanAsk(const RunningVm& vm) {
    if (vm.agent_open() && vm.state() == RunState::kRunning) return {};
    return base::Error{base::Code::kBusy, base::Cat("no guest agent answers in virtual machine \"", vm.record().name,
                                                    "\"; install qemu-guest-agent in the guest")};
}

// An agent that is silent is as good as none; one that refuses has its reasons.
base::Error Named(base::Error error) {
    if (error.code == base::Code::kIo || error.code == base::Code::kTimeout) error.code = base::Code::kBusy;
    return error;
}

}  // namespace

rt::Co<base::Result<GuestOutcome>> Machine::RunInGuest(std::string id, GuestProgram program) {
    CO_TRY(vm, Find(id));
    CO_CHECK(CanAsk(*vm));
    auto outcome = co_await agent::Run(vm->agent(), std::move(program));
    if (!outcome) co_return Named(std::move(outcome).error());
    co_return outcome;
}

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::OpenGuestFile(std::string id, std::string path, bool write) {
    CO_TRY(vm, Find(id));
    CO_CHECK(CanAsk(*vm));
    auto file = co_await agent::OpenFile(vm->agent(), std::move(path), write);
    if (!file) co_return Named(std::move(file).error());
    co_return file;
}

rt::Co<base::Result<>> Machine::SetGuestTime(std::string id) {
    CO_TRY(vm, Find(id));
    CO_CHECK(CanAsk(*vm));
    auto set = co_await agent::SetTime(vm->agent());
    if (!set) co_return Named(std::move(set).error());
    co_return set;
}

rt::Co<base::Result<base::Duration>> Machine::GuestTimeLag(std::string id) {
    CO_TRY(vm, Find(id));
    CO_CHECK(CanAsk(*vm));
    auto lag = co_await agent::TimeLag(vm->agent());
    if (!lag) co_return Named(std::move(lag).error());
    co_return lag;
}

}  // namespace backend::qemu
