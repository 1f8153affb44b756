// Board: the Task objects that clients see in the inventory, and the recentTask lists of
// the task manager and of each entity. Finished tasks stay for a while, then leave.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "rt/timer.h"
#include "vim/gen/task.h"

namespace task {

class Board {
public:
    struct Limits {
        base::Duration stay = std::chrono::minutes(10);   // of a finished task
        std::size_t finished = 2'000;                     // more than these leave earlier
        std::size_t recent = 200;                         // in TaskManager.recentTask; finished ones go first
        std::size_t recent_of_entity = 10;
    };
    struct Shown {
        int number = 0;
        vim::Ptr<vim::TaskInfo> info;
        std::string lineage;
    };

    Board(inventory::Inventory& inventory, const base::Clock& clock, vim::Ref task_manager, Limits limits)
        : inventory_(inventory), clock_(clock), task_manager_(std::move(task_manager)), limits_(limits) {}

    void Show(Shown task);
    // Publishes the info as changed by fn(TaskInfo&). No-op for a task that is not shown.
    template <class Fn> void Change(const vim::Ref& task, const Fn& fn) {
        auto edit = inventory_.Begin();
        if (auto* shown = Find(task)) {
            fn(shown->info.Mut());
            Publish(edit, *shown);
            edit.Commit();
            on_change(*shown);
        }
    }
    // The last change: from now on the task's time runs.
    void Finish(const vim::Ref& task, vim::Ptr<vim::TaskInfo> info);

    const Shown* Get(const vim::Ref& task) const;
    const std::map<int, Shown>& shown() const { return shown_; }

    // Called after each publication, on the loop.
    std::function<void(const Shown&)> on_change = [](const Shown&) {};

    // Removes whose time is over; gives how long until the next one, nothing when none is left.
    std::optional<base::Duration> RemoveOld();

private:
    struct Left {
        vim::Time when;              // it finished
        vim::Ref task;
    };
    Shown* Find(const vim::Ref& task);
    void Publish(inventory::Edit& edit, const Shown& shown);
    void AddToRecent(inventory::Edit& edit, const vim::TaskInfo& info);
    void RemoveOldest(inventory::Edit& edit);
    bool IsFinished(const vim::Ref& task) const;
    void Trim(std::vector<vim::Ref>& recent, std::size_t most) const;

    inventory::Inventory& inventory_;
    const base::Clock& clock_;
    const vim::Ref task_manager_;
    const Limits limits_;
    std::map<int, Shown> shown_;                     // by number
    std::unordered_map<vim::Ref, int> numbers_;
    std::deque<Left> finished_;                      // in the order of their end
};

}  // namespace task
