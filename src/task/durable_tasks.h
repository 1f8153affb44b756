// DurableTasks: the tasks of a host. Journal for what runs, SQLite for what has ended,
// the inventory for whoever watches.
//
// It must live until the loop has ended: the work of its tasks refers to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "event/events.h"
#include "event/followers.h"
#include "rt/signal.h"
#include "rt/timer.h"
#include "store/journal.h"
#include "task/board.h"
#include "task/history.h"
#include "task/tasks.h"

namespace task {

class DurableTasks final : public Tasks {
public:
    struct Options {
        std::string journal;                     // path
        std::string history;                     // path of the database
        vim::Ref task_manager;                   // whose recentTask is kept up
        Board::Limits limits = {};
        // Told on the loop of each point that a durable task has come to: "begin" and the names
        // of its steps right after the journal has them, "end" when the work is done but the
        // journal does not know it yet, "ended" when it does. For tests that die there.
        std::function<void(std::string_view task_id, std::string_view point)> on_point = [](auto, auto) {};
    };
    // Blocks. What a dead hostd left unfinished is known then, and waits for ResumeAll().
    static base::Result<std::unique_ptr<DurableTasks>> Open(Options options, inventory::Inventory& inventory,
                                                            event::Events& events, rt::Pool& pool, rt::Timer& timer);
    ~DurableTasks() override;

    rt::Co<vim::Result<vim::Ref>> Start(Spec spec, Work work) override;
    vim::Result<> Cancel(const vim::Ref& task) override;
    bool Busy(const vim::Ref& entity) const override;
    rt::Co<void> WaitIdle() override;
    void OnResume(std::string task_id, Resumer resumer) override;
    rt::Co<void> ResumeAll() override;

    // Tasks that match, with numbers below (newest first; 0: from the newest) or above
    // `from`. What collectors page with; Ended::info also of tasks that still run.
    rt::Co<base::Result<std::vector<Ended>>> Read(vim::TaskFilterSpec filter, Order order, int from, std::size_t most);

    // Told on the loop after each change of a task that is published; a collector's
    // latestPage follows by it.
    event::Followers<Board::Shown>& followers() { return followers_; }

    base::Result<> Flush() { return history_->Flush(); }     // blocks: for shutdown and tests

private:
    class Running;
    DurableTasks(Options options, inventory::Inventory& inventory, event::Events& events, rt::Timer& timer,
                 std::unique_ptr<store::Journal> journal, std::unique_ptr<History> history, Replayed left);

    std::shared_ptr<Running> MakeRunning(const Spec& spec);
    std::shared_ptr<Running> MakeResumed(const OpenTask& open);
    void TakeIn(const std::shared_ptr<Running>& task);
    void Release(const Running& task);
    rt::Co<void> Run(std::shared_ptr<Running> task, Work work);
    rt::Co<void> End(std::shared_ptr<Running> task, vim::Result<vim::Any> result);
    Work ResumedWork(const OpenTask& open);
    rt::Co<void> SeeOff();
    void ShowEnded();

    inventory::Inventory& inventory_;
    event::Events& events_;
    rt::Timer& timer_;
    Options options_;
    std::unique_ptr<History> history_;
    std::unique_ptr<store::Journal> journal_;
    Board board_;
    std::map<int, OpenTask> left_;                               // by a dead hostd, until ResumeAll()
    std::unordered_map<std::string, Resumer> resumers_;
    std::map<int, std::shared_ptr<Running>> running_;        // by number
    std::unordered_map<vim::Ref, vim::Ref> busy_;            // entity -> its exclusive task
    rt::Signal idle_;
    bool seeing_off_ = false;
    event::Followers<Board::Shown> followers_;
};

}  // namespace task
