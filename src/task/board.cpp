#include "task/board.h"

#include <algorithm>

#include "task/unpublished.h"
#include "vim/gen/entity.h"

namespace task {

static bool IsOver(const vim::TaskInfo& info) {
    return info.state == vim::TaskInfoState::kSuccess || info.state == vim::TaskInfoState::kError;
}

Board::Shown* Board::Find(const vim::Ref& task) {
    auto number = numbers_.find(task);
    return number == numbers_.end() ? nullptr : &shown_.find(number->second)->second;
}

const Board::Shown* Board::Get(const vim::Ref& task) const { return const_cast<Board*>(this)->Find(task); }

bool Board::IsFinished(const vim::Ref& task) const {
    auto* shown = Get(task);
    return !shown || IsOver(*shown->info);
}

// Keeps the newest, but lets finished ones go before those that still run.
void Board::Trim(std::vector<vim::Ref>& recent, std::size_t most) const {
    while (recent.size() > most) {
        auto out = std::find_if(recent.begin(), recent.end(), [&](const auto& task) { return IsFinished(task); });
        recent.erase(out == recent.end() ? recent.begin() : out);
    }
}

void Board::AddToRecent(inventory::Edit& edit, const vim::TaskInfo& info) {
    if (IsUnpublished(info)) return;
    edit.Change<vim::TaskManager>(task_manager_, [&](vim::TaskManager& manager) {
        manager.recent_task.push_back(info.task);
        Trim(manager.recent_task, limits_.recent);
    });
    edit.Change<vim::ManagedEntity>(info.entity, [&](vim::ManagedEntity& entity) {
        entity.recent_task.push_back(info.task);
        Trim(entity.recent_task, limits_.recent_of_entity);
    });
}

void Board::Show(Shown task) {
    vim::Ref ref = task.info->task;
    vim::Task object;
    object.self = ref;
    object.info = task.info;
    auto edit = inventory_.Begin();
    edit.Add(std::move(object));
    numbers_[ref] = task.number;
    auto& shown = shown_[task.number] = std::move(task);
    AddToRecent(edit, *shown.info);
    Shown told = shown;
    if (IsOver(*shown.info)) finished_.push_back({shown.info->complete_time.value_or(clock_.Now()), ref});
    if (finished_.size() > limits_.finished) RemoveOldest(edit);
    edit.Commit();
    on_change(told);
}

void Board::Publish(inventory::Edit& edit, const Shown& shown) {
    edit.Change<vim::Task>(shown.info->task, [&](vim::Task& object) { object.info = shown.info; });
}

void Board::Finish(const vim::Ref& task, vim::Ptr<vim::TaskInfo> info) {
    auto* shown = Find(task);
    if (!shown) return;
    auto edit = inventory_.Begin();
    shown->info = std::move(info);
    Publish(edit, *shown);
    Shown told = *shown;
    finished_.push_back({clock_.Now(), task});
    if (finished_.size() > limits_.finished) RemoveOldest(edit);
    edit.Commit();
    on_change(told);
}

void Board::RemoveOldest(inventory::Edit& edit) {
    vim::Ref task = finished_.front().task;
    finished_.pop_front();
    auto number = numbers_.find(task);
    vim::Ref entity = shown_[number->second].info->entity;
    auto* manager = edit.Get<vim::TaskManager>(task_manager_);
    if (manager &&
        std::find(manager->recent_task.begin(), manager->recent_task.end(), task) != manager->recent_task.end())
        edit.Change<vim::TaskManager>(task_manager_, [&](vim::TaskManager& m) { std::erase(m.recent_task, task); });
    edit.Change<vim::ManagedEntity>(entity, [&](vim::ManagedEntity& e) { std::erase(e.recent_task, task); });
    edit.Remove(task);
    shown_.erase(number->second);
    numbers_.erase(number);
}

std::optional<base::Duration> Board::RemoveOld() {
    auto now = clock_.Now();
    auto edit = inventory_.Begin();
    while (!finished_.empty() && finished_.front().when + limits_.stay <= now) RemoveOldest(edit);
    edit.Commit();
    if (finished_.empty()) return std::nullopt;
    // A clock that was set back must not keep tasks for ever.
    return std::min(limits_.stay, finished_.front().when + limits_.stay - now);
}

}  // namespace task
