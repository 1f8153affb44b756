#include "task/durable_tasks.h"

#include <algorithm>
#include <climits>

#include "base/log.h"
#include "base/text.h"
#include "event/lineage.h"
#include "rt/loop.h"
#include "task/filter.h"
#include "task/unpublished.h"

namespace task {

using base::Cat;
using vim::TaskInfoState;

// One task that runs: what its work reports to.
class DurableTasks::Running final : public Progress {
public:
    Running(DurableTasks& tasks, OpenTask open) : open(std::move(open)), tasks_(tasks) {}

    void Percent(int done) override {
        done = std::clamp(done, 0, 100);
        if (done <= percent_) return;
        percent_ = done;
        tasks_.board_.Change(ref, [&](vim::TaskInfo& info) { info.progress = done; });
    }
    bool cancelled() const override { return cancelled_; }
    void OnCancel(std::function<void()> fn) override {
        if (cancelled_) fn();
        else on_cancel_.push_back(std::move(fn));
    }
    rt::Co<base::Result<>> Step(std::string name, std::string state) override {
        open.what.step = std::move(name);
        open.what.step_state = std::move(state);
        if (!durable) co_return base::Result<>();
        std::string record = StepRecord(open);
        CO_CHECK(co_await tasks_.journal_->Append(std::move(record)));
        tasks_.options_.on_point(open.what.task_id, open.what.step);
        co_return base::Result<>();
    }
    const vim::Ref& task() const override { return ref; }
    int chain_id() const override { return open.what.chain_id; }

    void Cancel() {
        cancelled_ = true;
        tasks_.board_.Change(ref, [](vim::TaskInfo& info) { info.cancelled = true; });
        for (auto& fn : std::exchange(on_cancel_, {})) fn();
    }

    OpenTask open;
    vim::Ref ref, entity;
    vim::Ptr<vim::TaskInfo> first;       // the info as it was queued
    bool durable = true;

private:
    DurableTasks& tasks_;
    int percent_ = -1;
    bool cancelled_ = false;
    std::vector<std::function<void()>> on_cancel_;
};

base::Result<std::unique_ptr<DurableTasks>> DurableTasks::Open(Options options, inventory::Inventory& inventory,
                                                               event::Events& events, rt::Pool& pool,
                                                               rt::Timer& timer) {
    TRY(history, History::Open(options.history, pool));
    TRY(opened, store::Journal::Open(options.journal, pool));
    Replayed replayed = Replay(opened.records);
    if (replayed.unreadable)
        base::LogWarning("task", Cat(options.journal, ": ", replayed.unreadable,
                                     " records make no sense to this build and are left out"));
    return std::unique_ptr<DurableTasks>(new DurableTasks(std::move(options), inventory, events, timer,
                                                          std::move(opened.journal), std::move(history),
                                                          std::move(replayed)));
}

DurableTasks::DurableTasks(Options options, inventory::Inventory& inventory, event::Events& events, rt::Timer& timer,
                           std::unique_ptr<store::Journal> journal, std::unique_ptr<History> history, Replayed replayed)
    : inventory_(inventory),
      events_(events),
      timer_(timer),
      options_(std::move(options)),
      history_(std::move(history)),
      journal_(std::move(journal)),
      board_(inventory, timer, options_.task_manager, options_.limits),
      left_(std::move(replayed.open)) {
    history_->Skip(replayed.highest);
    for (auto& ended : replayed.ended) history_->Add(std::move(ended));
    board_.on_change = [this](const Board::Shown& shown) { followers_.Tell(shown); };
    journal_->RewriteWith([this] {
        std::vector<std::string> out;
        for (const auto& [number, open] : left_) out.push_back(BeginRecord(open));
        for (const auto& [number, task] : running_)
            if (task->durable) out.push_back(BeginRecord(task->open));
        return out;
    });
}

DurableTasks::~DurableTasks() = default;

static std::string TaskId(const Spec& spec) { return std::string(spec.method->task_id); }

static vim::Ptr<vim::TaskReason> ReasonFor(const std::string& user) {
    if (user.empty()) return vim::TaskReasonSystem();
    vim::TaskReasonUser reason;
    reason.user_name = user;
    return reason;
}

static vim::TaskInfo InfoOf(const OpenTask& open, const vim::Ref& ref, const vim::Ref& entity,
                            const inventory::Snapshot& now) {
    vim::TaskInfo info;
    info.key = open.what.task_key;
    info.task = ref;
    info.name = open.method;
    info.description_id = open.what.task_id;
    info.entity = entity;
    if (auto name = event::NameOf(now, entity); !name.empty()) info.entity_name = name;
    if (open.exclusive && entity) info.locked = {entity};
    info.state = TaskInfoState::kQueued;
    info.cancelable = open.cancelable;
    info.reason = ReasonFor(open.what.user);
    info.queue_time = vim::Time(base::Duration(open.queued));
    info.event_chain_id = open.what.chain_id;
    return info;
}

std::shared_ptr<DurableTasks::Running> DurableTasks::MakeRunning(const Spec& spec) {
    OpenTask open;
    open.number = history_->NextNumber();
    open.method = spec.method->name;
    open.queued = timer_.Now().time_since_epoch().count();
    open.cancelable = spec.cancelable;
    open.exclusive = spec.exclusive;
    open.what.task_id = TaskId(spec);
    open.what.task_key = Cat("haTask-", spec.entity.id, "-vim.", open.what.task_id, '-', open.number);
    open.what.entity_type = spec.entity.type ? spec.entity.type->name : std::string_view();
    open.what.entity_id = spec.entity.id;
    open.what.user = spec.user;
    open.what.begun = spec.state;
    auto task = std::make_shared<Running>(*this, std::move(open));
    task->durable = spec.durable;
    task->entity = spec.entity;
    return task;
}

std::shared_ptr<DurableTasks::Running> DurableTasks::MakeResumed(const OpenTask& open) {
    auto task = std::make_shared<Running>(*this, open);
    if (auto* type = vim::FindType(open.what.entity_type)) task->entity = vim::Ref{type, open.what.entity_id};
    return task;
}

// From now on it holds its entity, and the journal's rewrite knows it.
void DurableTasks::TakeIn(const std::shared_ptr<Running>& task) {
    task->ref = vim::Ref{&vim::Task::kType, task->open.what.task_key};
    auto now = inventory_.Now();
    task->first = InfoOf(task->open, task->ref, task->entity, *now);
    running_.emplace(task->open.number, task);
    if (task->open.exclusive && task->entity) busy_.emplace(task->entity, task->ref);
}

void DurableTasks::Release(const Running& task) {
    if (auto held = busy_.find(task.entity); held != busy_.end() && held->second == task.ref) busy_.erase(held);
    running_.erase(task.open.number);
    if (running_.empty()) idle_.Notify();
}

rt::Co<vim::Result<vim::Ref>> DurableTasks::Start(Spec spec, Work work) {
    if (auto held = busy_.find(spec.entity); spec.exclusive && held != busy_.end())
        co_return vim::Fault(
            vim::TaskInProgress(held->second),
            Cat("another task, ", held->second.id, ", is at work on it; wait for its end or cancel it"));
    auto task = MakeRunning(spec);
    TakeIn(task);
    vim::TaskEvent began;
    began.info = task->first;
    task->open.what.chain_id = events_.Post(began, spec.user);
    task->first.Mut().event_chain_id = task->open.what.chain_id;
    if (task->durable) {
        std::string record = BeginRecord(task->open);
        auto noted = co_await journal_->Append(std::move(record));
        if (!noted) {
            Release(*task);
            co_return vim::Fault(std::move(noted).error().While(
                Cat("cannot begin ", task->open.what.task_id, ", the journal does not take it")));
        }
        options_.on_point(task->open.what.task_id, "begin");
    }
    auto now = inventory_.Now();
    board_.Show({task->open.number, task->first, event::LineageOf(*now, task->entity)});
    vim::Ref ref = task->ref;
    co_await rt::Detach(Run(task, std::move(work)));
    co_return ref;
}

rt::Co<void> DurableTasks::Run(std::shared_ptr<Running> task, Work work) {
    board_.Change(task->ref, [&](vim::TaskInfo& info) {
        info.state = TaskInfoState::kRunning;
        info.start_time = timer_.Now();
    });
    auto result = co_await work(*task);
    co_await End(task, std::move(result));
}

static void SetOutcome(vim::TaskInfo& info, const vim::Result<vim::Any>& result, vim::Time now) {
    info.state = result ? TaskInfoState::kSuccess : TaskInfoState::kError;
    info.complete_time = now;
    info.progress.reset();
    info.locked.clear();
    if (result) info.result = *result;
    else info.error = result.error().AsData();
    if (!result && result.error().As<vim::RequestCanceled>()) info.cancelled = true;
}

rt::Co<void> DurableTasks::End(std::shared_ptr<Running> task, vim::Result<vim::Any> result) {
    const int number = task->open.number;
    Board::Shown shown = *board_.Get(task->ref);
    SetOutcome(shown.info.Mut(), result, timer_.Now());
    if (!result) base::LogWarning("task", Cat(task->ref.id, " failed: ", result.error().message()));
    if (task->durable) {
        options_.on_point(task->open.what.task_id, "end");
        task->durable = false;                   // a rewrite of the journal leaves it out from here on
        std::string record = EndRecord(number, shown.lineage, *Listed(shown.info));
        if (auto noted = co_await journal_->Append(std::move(record)); !noted)
            base::LogError("task",
                           Cat("the end of ", task->ref.id,
                               " could not be noted; a restart will look at it again: ", noted.error().message));
        options_.on_point(task->open.what.task_id, "ended");
    }
    Release(*task);
    board_.Finish(task->ref, shown.info);
    history_->Add({number, shown.lineage, Listed(shown.info)});
    if (!std::exchange(seeing_off_, true)) co_await rt::Detach(SeeOff());
}

// Sleeps until the oldest finished task must leave, as long as there is one.
rt::Co<void> DurableTasks::SeeOff() {
    while (auto wait = board_.RemoveOld()) co_await timer_.Sleep(*wait);
    seeing_off_ = false;
}

vim::Result<> DurableTasks::Cancel(const vim::Ref& ref) {
    auto* shown = board_.Get(ref);
    if (!shown) return vim::Fault(vim::ManagedObjectNotFound(ref), Cat("there is no task ", ref.id, " (any more)"));
    auto running = running_.find(shown->number);
    if (running == running_.end()) return vim::Fault(vim::InvalidState(), Cat("task ", ref.id, " has ended already"));
    if (!shown->info->cancelable) return vim::Fault(vim::NotSupported(), Cat("task ", ref.id, " cannot be cancelled"));
    auto task = running->second;
    if (!task->cancelled()) task->Cancel();
    return {};
}

bool DurableTasks::Busy(const vim::Ref& entity) const { return busy_.count(entity) > 0; }

rt::Co<void> DurableTasks::WaitIdle() {
    while (!running_.empty()) co_await idle_.Wait();
}

void DurableTasks::OnResume(std::string task_id, Resumer resumer) {
    resumers_[std::move(task_id)] = std::move(resumer);
}

static rt::Co<vim::Result<vim::Any>> Interrupted() {
    co_return vim::Fault(vim::SystemError("interrupted by a restart of the host agent"),
                         "interrupted by a restart of the host agent");
}

Work DurableTasks::ResumedWork(const OpenTask& open) {
    auto found = resumers_.find(open.what.task_id);
    if (found == resumers_.end()) return [](Progress&) { return Interrupted(); };
    return [resumer = found->second, what = open.what](Progress& progress) { return resumer(what, progress); };
}

// Those of the last minutes are there again: a client may be waiting for one.
void DurableTasks::ShowEnded() {
    auto ended = history_->EndedAfter(timer_.Now() - options_.limits.stay, options_.limits.finished);
    if (!ended) return base::LogError("task", Cat("the finished tasks cannot be read: ", ended.error().message));
    for (auto& task : *ended)
        if (!left_.count(task.number) && !board_.shown().count(task.number))
            board_.Show({task.number, task.info, task.lineage});
}

rt::Co<void> DurableTasks::ResumeAll() {
    ShowEnded();
    while (!left_.empty()) {
        OpenTask open = left_.begin()->second;
        auto task = MakeResumed(open);
        TakeIn(task);
        left_.erase(left_.begin());
        bool known = resumers_.count(open.what.task_id) > 0;
        base::LogInfo("task", Cat(open.what.task_key, " was interrupted by a restart",
                                  open.what.step.empty() ? "" : " after step ", open.what.step,
                                  known ? "; taking it up again" : "; it ends as an error"));
        auto now = inventory_.Now();
        board_.Show({open.number, task->first, event::LineageOf(*now, task->entity)});
        auto work = ResumedWork(open);
        co_await rt::Detach(Run(task, std::move(work)));
    }
    if (!board_.shown().empty() && !std::exchange(seeing_off_, true)) co_await rt::Detach(SeeOff());
}

// What still runs is on the board only, what has left it is on disk only, the rest is in
// both: taken from the board, which is never behind.
rt::Co<base::Result<std::vector<Ended>>> DurableTasks::Read(vim::TaskFilterSpec filter, Order order, int from,
                                                            std::size_t most) {
    bool newest = order == Order::kNewestFirst;
    if (newest && from == 0) from = INT_MAX;
    CO_TRY(found, co_await history_->Read(filter, order, from, most));
    const auto& shown = board_.shown();
    std::erase_if(found, [&](const Ended& ended) { return shown.count(ended.number) > 0; });
    for (const auto& [number, task] : shown) {
        if (newest ? number >= from : number <= from) continue;
        if (Matches(filter, *task.info, task.lineage)) found.push_back({number, task.lineage, Listed(task.info)});
    }
    std::sort(found.begin(), found.end(),
              [&](const Ended& a, const Ended& b) { return newest ? a.number > b.number : a.number < b.number; });
    if (found.size() > most) found.resize(most);
    co_return std::move(found);
}

}  // namespace task
