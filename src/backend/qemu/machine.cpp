#include "backend/qemu/machine.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "backend/qemu/cgroup.h"
#include "backend/qemu/users.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

std::string OwnerOf(const std::string& run) {
    std::error_code ignored;
    return base::Cat("host-", HashOf(std::filesystem::weakly_canonical(run, ignored).string()));
}

}  // namespace

Machine::Machine(rt::Pool& pool, Options options) : pool_(pool), options_(std::move(options)) {}

Machine::~Machine() {
    for (auto& [id, vm] : vms_) vm->Abandon();
}

rt::Co<base::Result<Abilities>> Machine::Open() {
    CO_CHECK(rt::MakeDirs(options_.run, 0700));
    std::error_code bad;
    options_.run = std::filesystem::canonical(options_.run, bad);
    if (bad) co_return base::Error{base::Code::kIo, base::Cat("the run folder: ", bad.message())};
    CO_TRY(engine, co_await ReadEngineVersion(options_.program));
    CO_TRY(choice, co_await ChooseAccelerator(options_.program, options_.accelerator));
    accelerator_ = choice.accelerator;
    if (options_.cgroups) {
        cgroup_parents_ = FindCgroupParents(OwnerOf(options_.run));
        if (cgroup_parents_.empty())
            base::LogInfo("backend", "VMs get no control groups: this machine lets us make none");
    }
    Abilities abilities{.engine = engine, .accelerator = choice.accelerator, .accelerator_reason = choice.reason};
    abilities.max_cpus = 64;
    abilities.max_memory_mb = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE) >> 20;
    co_return abilities;
}

base::Result<Machine::Vm> Machine::Find(const std::string& vm) const {
    auto found = vms_.find(vm);
    if (found != vms_.end()) return found->second;
    return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", vm, " does not run")};
}

RunState Machine::StateOf(const std::string& vm) const {
    auto found = vms_.find(vm);
    if (found == vms_.end()) return RunState::kStopped;
    RunState state = found->second->state();
    return starting_.contains(vm) && state != RunState::kRunning ? RunState::kStopped : state;
}

pid_t Machine::ProcessOf(const std::string& vm) const {
    auto found = vms_.find(vm);
    return found == vms_.end() ? 0 : found->second->record().pid;
}

RunningVm::Listener Machine::MakeListener() {
    return {.tell =
                [this](const Event& event) {
                    if (on_event) on_event(event);
                },
            .ended =
                [this](RunningVm& vm) {
                    standings_.erase(vm.record().vm);
                    vms_.erase(vm.record().vm);
                }};
}

std::optional<uid_t> Machine::PickUser() const {
    if (!options_.own_users || geteuid() != 0) return std::nullopt;
    std::set<uid_t> taken;
    for (const auto& [id, vm] : vms_) taken.insert(static_cast<uid_t>(vm->record().uid));
    for (const auto& [id, user] : starting_)
        if (user) taken.insert(*user);
    uid_t user = FirstUserOf(options_.run);
    while (taken.contains(user)) ++user;
    return user;
}

rt::Co<base::Result<>> Machine::Stop(std::string vm) {
    CO_TRY(running, Find(vm));
    co_await running->End();
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Reset(std::string vm) {
    CO_TRY(running, Find(vm));
    CO_TRY(qemu, running->monitor());
    co_return co_await qmp::SystemReset(*qemu);
}

rt::Co<base::Result<>> Machine::Pause(std::string vm) {
    CO_TRY(running, Find(vm));
    CO_TRY(qemu, running->monitor());
    co_return co_await qmp::Stop(*qemu);
}

rt::Co<base::Result<>> Machine::Resume(std::string vm) {
    CO_TRY(running, Find(vm));
    CO_TRY(qemu, running->monitor());
    if (running->in_standby()) co_return co_await qmp::SystemWakeup(*qemu);
    co_return co_await qmp::Cont(*qemu);
}

rt::Co<base::Result<>> Machine::ShutdownGuest(std::string vm) {
    CO_TRY(running, Find(vm));
    if (running->state() != RunState::kRunning)
        co_return base::Error{base::Code::kBusy,
                              base::Cat("virtual machine ", vm, " is paused; its guest takes no requests")};
    if (running->agent_open()) {
        auto asked = co_await agent::Send(running->agent(), agent::Request::kPowerDown);
        if (asked) co_return asked;
    }
    CO_TRY(qemu, running->monitor());
    co_return co_await qmp::SystemPowerdown(*qemu);
}

// There is no button for these two: only the agent can be asked.
static rt::Co<base::Result<>> AskAgent(std::shared_ptr<RunningVm> vm, agent::Request request) {
    if (vm->agent_open() && vm->state() == RunState::kRunning) {
        auto asked = co_await agent::Send(vm->agent(), request);
        if (asked) co_return asked;
        co_return base::Error{base::Code::kBusy, asked.error().message};
    }
    co_return base::Error{base::Code::kBusy, base::Cat("no guest agent answers in virtual machine \"",
                                                       vm->record().name, "\"; install qemu-guest-agent in the guest")};
}

rt::Co<base::Result<>> Machine::RebootGuest(std::string vm) {
    CO_TRY(running, Find(vm));
    co_return co_await AskAgent(running, agent::Request::kReboot);
}

rt::Co<base::Result<>> Machine::StandbyGuest(std::string vm) {
    CO_TRY(running, Find(vm));
    co_return co_await AskAgent(running, agent::Request::kStandby);
}

rt::Co<base::Result<>> Machine::SetLink(std::string vm, int key, bool connected) {
    CO_TRY(running, Find(vm));
    CO_TRY(qemu, running->monitor());
    std::string device = base::Cat("dev-", key);
    auto set = co_await qmp::SetLink(*qemu, device, connected);
    if (!set && set.error().code == base::Code::kDenied)
        co_return base::Error{base::Code::kNotFound,
                              base::Cat("virtual machine ", vm, " has no network adapter ", key)};
    CO_CHECK(std::move(set));
    auto& down = running->MutableRecord().down;
    std::erase(down, key);
    if (!connected) down.push_back(key);
    co_return running->dir().Write(running->record());
}

}  // namespace backend::qemu
