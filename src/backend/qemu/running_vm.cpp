#include "backend/qemu/running_vm.h"

#include <signal.h>

#include "backend/qemu/cgroup.h"
#include "backend/qemu/qmp/layer_commands.h"
#include "backend/qemu/tpm.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"

namespace backend::qemu {

using std::chrono::seconds;
constexpr std::size_t kMostJobs = 1000;
constexpr int kMostMissed = 5;                           // looks in a row, about a minute: nobody is there

RunningVm::RunningVm(rt::Process process, RunRecord record, RunDir dir, Listener listener)
    : process_(std::move(process)),
      record_(std::move(record)),
      dir_(std::move(dir)),
      listener_(std::move(listener)),
      agent_(dir_.agent()),
      serial_(std::make_shared<SerialLine>(dir_.serial())) {}

void RunningVm::Tell(EventKind kind, std::string detail) {
    if (abandoned_ || !announced_) return;
    backend::Event event{.vm = record_.vm, .kind = kind, .detail = std::move(detail)};
    if (kind == EventKind::kGuestInfo) event.guest = guest_;
    if (kind == EventKind::kHeartbeat) event.alive = alive_;
    listener_.tell(event);
}

// So that its end is taken note of by the kernel too.
static rt::Co<void> AwaitTpm(rt::Process tpm) { (void)co_await tpm.Wait(); }

rt::Co<void> RunningVm::Watch() {
    if (record_.tpm && StartTimeOf(record_.tpm) == record_.tpm_start_time)
        if (auto tpm = rt::Process::Open(record_.tpm)) co_await rt::Detach(AwaitTpm(*std::move(tpm)));
    co_await rt::Detach(WatchProcess(shared_from_this()));
    co_await rt::Detach(WatchAgent(shared_from_this()));
    co_await rt::Detach(WatchPauses(shared_from_this()));
}

rt::Co<base::Result<>> RunningVm::Connect(base::Duration timeout) {
    std::weak_ptr<RunningVm> weak = weak_from_this();
    auto on_event = [weak](const qmp::Event& event) {
        if (auto self = weak.lock()) self->On(event);
    };
    CO_TRY(monitor, co_await qmp::Client::Open(dir_.monitor(), timeout, on_event));
    monitor_ = std::move(monitor);
    co_return base::Result<>{};
}

// Asked, since of several errors within a second QEMU tells the first one only.
rt::Co<std::string> RunningVm::WhyPaused(qmp::Status status) {
    if (status.status == "watchdog") co_return "watchdog";
    auto qemu = monitor();
    if (status.status != "io-error" || !qemu) co_return "";
    auto full = co_await qmp::IsAnyFull(**qemu);
    co_return full&&* full ? "no space" : "io-error";
}

rt::Co<void> RunningVm::TellPaused() {
    std::string why;
    if (auto qemu = monitor()) {
        auto status = co_await qmp::QueryStatus(**qemu);
        if (status) why = co_await WhyPaused(*std::move(status));
    }
    if (state_ == RunState::kPaused && !standby_) Tell(EventKind::kPaused, std::move(why));
}

rt::Co<void> RunningVm::WatchPauses(std::shared_ptr<RunningVm> self) {
    while (!self->ended_ && !self->abandoned_) {
        if (std::exchange(self->untold_pause_, false)) co_await self->TellPaused();
        else co_await self->changed_.Wait();
    }
}

rt::Co<base::Result<qmp::Status>> RunningVm::CatchUp() {
    CO_TRY(qemu, monitor());
    CO_TRY(status, co_await qmp::QueryStatus(*qemu));
    state_ = status.running ? RunState::kRunning : RunState::kPaused;
    standby_ = status.status == "suspended";
    shut_down_ = status.status == "shutdown";
    why_paused_ = co_await WhyPaused(status);
    CO_TRY(open, co_await qmp::IsPortOpen(*qemu, "agent"));
    port_open_ = open;
    agent_changed_.Notify();
    co_return status;
}

void RunningVm::Announce() {
    announced_ = true;
    if (!std::exchange(shut_down_, false)) return;
    end_asked_ = true;
    Tell(EventKind::kGuestShutdown);
}

void RunningVm::Abandon() {
    abandoned_ = true;
    if (monitor_) monitor_->Close();
    agent_.Drop();
    serial_->Drop();
    agent_changed_.Notify();
    changed_.Notify();
}

base::Result<qmp::Client*> RunningVm::monitor() const {
    if (monitor_ && !monitor_->closed()) return monitor_.get();
    return base::Error{base::Code::kIo, base::Cat("the QEMU of virtual machine \"", record_.name,
                                                  "\" does not take commands; power it off to get out of this")};
}

rt::Co<bool> RunningVm::WaitFor(std::function<bool()> condition, base::Duration at_most) {
    auto self = shared_from_this();
    auto end = std::chrono::steady_clock::now() + at_most;
    while (!condition()) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (ended_ || abandoned_ || left <= base::Duration::zero()) co_return false;
        co_await changed_.WaitFor(left);
    }
    co_return true;
}

// "quit" lets QEMU close its images in order; the guest cannot tell the difference.
rt::Co<void> RunningVm::End() {
    auto self = shared_from_this();
    end_asked_ = true;
    auto over = [this] { return ended_; };
    if (auto qemu = monitor()) {
        constexpr auto kQuitTime = seconds(3);
        (void)co_await (*qemu)->Execute("quit", {}, kQuitTime);
        if (co_await WaitFor(over, kQuitTime)) co_return;
    }
    (void)process_.Kill(SIGKILL);
    while (!ended_ && !abandoned_) co_await changed_.Wait();
}

// -- how it ends ---------------------------------------------------------------------

rt::Co<void> RunningVm::WatchProcess(std::shared_ptr<RunningVm> self) {
    auto code = co_await self->process_.Wait();
    if (self->abandoned_) co_return;
    if (self->monitor_) co_await self->monitor_->WaitClosed(seconds(1));   // its last words come first
    if (self->abandoned_) co_return;
    self->Finish(code ? *code : rt::ExitCode());
}

std::string RunningVm::HowItEnded(rt::ExitCode code) const {
    if (end_asked_) return {};
    std::string words = LastWords();
    std::string how = "QEMU ended unexpectedly";
    if (code && *code > 128) how = base::Cat("QEMU was killed by signal ", *code - 128);
    else if (code && *code != 0) how = base::Cat("QEMU ended with exit code ", *code);
    return words.empty() ? how : base::Cat(how, ": ", words);
}

void RunningVm::Finish(rt::ExitCode code) {
    last_words_ = LastWords();
    std::string how = HowItEnded(code);
    if (!how.empty() && announced_) base::LogWarning(record_.vm, how);
    if (monitor_) monitor_->Close();
    agent_.Drop();
    serial_->Drop();
    EndTpm(record_);
    RemoveCgroups(record_.cgroups);
    dir_.Remove();
    state_ = RunState::kStopped;
    ended_ = true;
    agent_changed_.Notify();
    changed_.Notify();
    listener_.ended(*this);
    Tell(EventKind::kStopped, how);
}

// -- what QEMU says ------------------------------------------------------------------

void RunningVm::OnShutdown(const qmp::Event& event) {
    if (!event.guest) return;            // we asked, or a signal did: Finish() tells
    end_asked_ = true;
    Tell(EventKind::kGuestShutdown);
}

void RunningVm::OnBlockError(const qmp::Event& event) {
    base::LogWarning(record_.vm, base::Cat("error on ", event.subject, ": ", event.reason));
}

void RunningVm::OnPort(bool open) {
    port_open_ = open;
    if (!open) {
        agent_.Drop();
        ForgetGuest();
    }
    agent_changed_.Notify();
}

void RunningVm::On(const qmp::Event& event) {
    const std::string& name = event.name;
    if (name == "RESUME" || name == "WAKEUP") {
        state_ = RunState::kRunning;
        standby_ = false;
        if (!quiet_) Tell(EventKind::kRunning);
    } else if (name == "STOP" || name == "SUSPEND") {
        state_ = RunState::kPaused;
        standby_ = name == "SUSPEND";
        if (!quiet_ && standby_) Tell(EventKind::kPaused, "standby");
        else if (!quiet_) untold_pause_ = true;
    } else if (name == "SHUTDOWN") OnShutdown(event);
    else if (name == "RESET") Tell(EventKind::kGuestReset);
    else if (name == "GUEST_PANICKED") Tell(EventKind::kGuestPanicked);
    else if (name == "BLOCK_IO_ERROR") OnBlockError(event);
    else if (name == "WATCHDOG") Tell(EventKind::kWatchdog, event.action);
    else if (name == "VSERPORT_CHANGE" && event.subject == "agent-port") OnPort(event.open);
    else if (name == "DEVICE_DELETED") fates_[event.subject] = Unplugged::kGone;
    else if (name == "DEVICE_UNPLUG_GUEST_ERROR" || name == "MEM_UNPLUG_ERROR")
        fates_[event.subject] = Unplugged::kRefused;
    else if (name == "MIGRATION") migration_status_ = event.status;
    else if (name == "JOB_STATUS_CHANGE" && jobs_.size() < kMostJobs) jobs_[event.subject] = event.status;
    changed_.Notify();
}

// -- what the guest says -------------------------------------------------------------

void RunningVm::SetAlive(bool alive) {
    if (std::exchange(alive_, alive) != alive) Tell(EventKind::kHeartbeat);
}

void RunningVm::ForgetGuest() {
    SetAlive(false);
    nic_counts_.clear();
    if (std::exchange(guest_, GuestInfo()) != GuestInfo()) Tell(EventKind::kGuestInfo);
}

rt::Co<void> RunningVm::LookAtAgent() {
    if (state_ != RunState::kRunning || quiet_) co_return;  // it cannot answer
    auto heard = co_await agent::Collect(agent_, guest_);
    if (!port_open_ || ended_ || abandoned_ || state_ != RunState::kRunning) co_return;
    SetAlive(bool(heard));
    missed_ = heard ? 0 : missed_ + 1;
    if (missed_ >= kMostMissed) ForgetGuest();
    nic_counts_ = heard ? std::move(heard->counts) : std::vector<NicUsage>();
    if (!heard || heard->info == guest_) co_return;
    guest_ = std::move(heard->info);
    Tell(EventKind::kGuestInfo);
}

// The agent reports nothing by itself, so this is the one thing that is asked for again
// and again: at once when it opens its port, soon after while it has no address yet.
rt::Co<void> RunningVm::WatchAgent(std::shared_ptr<RunningVm> self) {
    constexpr auto kUsual = seconds(10);
    base::Duration pause = seconds(1);
    while (!self->ended_ && !self->abandoned_) {
        if (!self->port_open_) {
            pause = seconds(1);
            co_await self->agent_changed_.Wait();
            continue;
        }
        co_await self->LookAtAgent();
        bool addressed = false;
        for (const GuestNic& nic : self->guest_.nics) addressed |= !nic.addresses.empty();
        pause = addressed ? kUsual : std::min<base::Duration>(pause * 2, kUsual);
        if (self->port_open_ && !self->ended_ && !self->abandoned_) co_await self->agent_changed_.WaitFor(pause);
    }
}

}  // namespace backend::qemu
