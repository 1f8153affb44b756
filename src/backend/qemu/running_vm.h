// One VM that runs: its process, its monitor, its agent, and what was last heard of it.
//
// Held by shared_ptr, since coroutines that wait for its end or its agent hold it too.
// It lives until its process has ended; Abandon() lets go of it before (hostd ends).
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "backend/qemu/agent/client.h"
#include "backend/qemu/process_usage.h"
#include "backend/qemu/qmp/commands.h"
#include "backend/qemu/run_dir.h"
#include "backend/qemu/serial_line.h"
#include "rt/process.h"
#include "rt/signal.h"

namespace backend::qemu {

class RunningVm : public std::enable_shared_from_this<RunningVm> {
public:
    struct Listener {
        std::function<void(const backend::Event&)> tell;
        std::function<void(RunningVm&)> ended;            // its leavings are removed; before kStopped is told
    };

    RunningVm(rt::Process process, RunRecord record, RunDir dir, Listener listener);

    // Watches the process from now on, and the agent once it answers.
    rt::Co<void> Watch();
    rt::Co<base::Result<>> Connect(base::Duration timeout);
    // Asks QEMU for what events would have told, had somebody listened.
    rt::Co<base::Result<qmp::Status>> CatchUp();
    void Abandon();

    // Ends the process: by request, or by SIGKILL when it does not react. Returns when it
    // is over and cleaned up.
    rt::Co<void> End();
    rt::Co<bool> WaitFor(std::function<bool()> condition, base::Duration at_most);   // false: it ended or is late

    base::Result<qmp::Client*> monitor() const;
    agent::Client& agent() { return agent_; }
    bool agent_open() const { return port_open_; }
    const std::vector<NicUsage>& nic_counts() const { return nic_counts_; }
    const std::shared_ptr<SerialLine>& serial() const { return serial_; }
    const RunRecord& record() const { return record_; }
    const RunDir& dir() const { return dir_; }
    RunRecord& MutableRecord() { return record_; }
    RunState state() const { return state_; }
    // Of a guest that was found standing still, once.
    const std::string& why_paused() const { return why_paused_; }    // when it was caught up with
    bool in_standby() const { return standby_; }
    bool ended() const { return ended_; }
    const GuestInfo& guest() const { return guest_; }
    const VcpuThreads& vcpu_threads() const { return vcpu_threads_; }
    void SetVcpuThreads(VcpuThreads threads) { vcpu_threads_ = std::move(threads); }
    // Its log may go with its run directory; what it said last stays.
    std::string LastWords() const { return ended_ ? last_words_ : qemu::LastWords(record_.log, record_.log_start); }

    // While a suspend is under way the stop that it needs is nobody's business.
    void SetQuiet(bool quiet) { quiet_ = quiet; }
    // From now on its end is told. Before that, whoever starts it tells.
    void Announce();
    // What became of a device that the guest was asked to let go of.
    enum class Unplugged { kNoAnswer, kGone, kRefused };
    void Expect(const std::string& device) { fates_.erase(device); }
    Unplugged Fate(const std::string& device) const {
        auto fate = fates_.find(device);
        return fate == fates_.end() ? Unplugged::kNoAnswer : fate->second;
    }
    const std::string& migration_status() const { return migration_status_; }
    // What events said of a job since we listen; "" : nothing.
    std::string JobStatus(const std::string& job) const {
        auto it = jobs_.find(job);
        return it == jobs_.end() ? std::string() : it->second;
    }
    void ForgetJob(const std::string& job) { jobs_.erase(job); }

private:
    static rt::Co<void> WatchProcess(std::shared_ptr<RunningVm> self);
    static rt::Co<void> WatchAgent(std::shared_ptr<RunningVm> self);
    static rt::Co<void> WatchPauses(std::shared_ptr<RunningVm> self);
    rt::Co<void> LookAtAgent();
    rt::Co<std::string> WhyPaused(qmp::Status status);
    rt::Co<void> TellPaused();
    void ForgetGuest();
    void SetAlive(bool alive);
    void On(const qmp::Event& event);
    void OnPort(bool open);
    void OnShutdown(const qmp::Event& event);
    void OnBlockError(const qmp::Event& event);
    void Tell(EventKind kind, std::string detail = {});
    void Finish(rt::ExitCode code);
    std::string HowItEnded(rt::ExitCode code) const;

    rt::Process process_;
    RunRecord record_;
    RunDir dir_;
    Listener listener_;
    std::unique_ptr<qmp::Client> monitor_;
    agent::Client agent_;
    std::shared_ptr<SerialLine> serial_;

    RunState state_ = RunState::kPaused;
    std::string why_paused_;
    std::string migration_status_;
    std::map<std::string, std::string> jobs_;
    std::string last_words_;
    std::map<std::string, Unplugged> fates_;
    bool standby_ = false, quiet_ = false, announced_ = false;
    bool untold_pause_ = false;          // it has stopped; why is still to be asked
    bool end_asked_ = false, ended_ = false, abandoned_ = false;
    bool port_open_ = false, alive_ = false;
    int missed_ = 0;                                     // looks that the agent did not answer, in a row
    bool shut_down_ = false;             // its guest powered itself off, and nobody heard it
    GuestInfo guest_;
    std::vector<NicUsage> nic_counts_;   // of the last look, while the agent answers
    VcpuThreads vcpu_threads_;
    rt::Signal changed_;                 // any of the above
    rt::Signal agent_changed_;
};

}  // namespace backend::qemu
