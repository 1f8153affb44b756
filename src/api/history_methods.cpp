// Tasks and events as clients ask for them: the two managers, and history collectors.
//
// Nobody learns more from the history than he may see: an item is shown to who has
// System.View on the entity that it is about, or, when that is gone, on the root folder.
#include "access/sessions.h"
#include "api/history.h"
#include "api/history_collector.h"
#include "api/session_state.h"
#include "event/arguments.h"
#include "event/filter.h"
#include "event/format.h"
#include "task/filter.h"
#include "vim/gen/calls_collector.h"
#include "vim/gen/calls_event.h"
#include "vim/gen/calls_task.h"
#include "vim/gen/vm.h"

namespace api {

namespace call = vim::call;
using rt::Co;

namespace {

constexpr std::size_t kMostCollectors = 32;      // of one session; what maxCollector says
using May = std::function<bool(const vim::Ref& entity)>;

// Asks as the user of the session, also later, when the call is over.
May SeenBy(const Call& call, History& history) {
    return [who = call.session->who, &history](const vim::Ref& entity) {
        auto now = history.inventory.Now();
        const vim::Ref& asked = now->Peek(entity) ? entity : history.root;
        return history.authorization.Allows(who, asked, "System.View");
    };
}

struct EventSource {
    using Item = vim::Event;
    using Filter = vim::EventFilterSpec;
    using Object = vim::EventHistoryCollector;
    struct Numbered {
        int number;
        vim::Ptr<vim::Event> item;
    };

    Co<base::Result<std::vector<Numbered>>> Read(Filter filter, bool newest_first, int from, std::size_t most) {
        auto order = newest_first ? event::Order::kNewestFirst : event::Order::kOldestFirst;
        CO_TRY(found, co_await events.Read(std::move(filter), order, from, most));
        std::vector<Numbered> out;
        for (auto& one : found) out.push_back({one->key, one});
        co_return std::move(out);
    }
    bool May(const vim::Event& event) const { return may(event::SubjectOf(event)); }
    int Follow(const Filter& filter, std::function<void(const Numbered&, bool)> fn) {
        return events.followers().Add(
            [filter, fn = std::move(fn)](const vim::Ptr<vim::Event>& event, const event::Facts& facts) {
                Numbered one{event->key, event};
                if (filter.disable_full_message.value_or(false)) one.item.Mut().full_formatted_message.reset();
                fn(one, event::Matches(filter, facts));
            });
    }
    void Forget(int token) { events.followers().Forget(token); }

    event::StoredEvents& events;
    api::May may;
};

struct TaskSource {
    using Item = vim::TaskInfo;
    using Filter = vim::TaskFilterSpec;
    using Object = vim::TaskHistoryCollector;
    struct Numbered {
        int number;
        vim::Ptr<vim::TaskInfo> item;
    };

    Co<base::Result<std::vector<Numbered>>> Read(Filter filter, bool newest_first, int from, std::size_t most) {
        auto order = newest_first ? task::Order::kNewestFirst : task::Order::kOldestFirst;
        CO_TRY(found, co_await tasks.Read(std::move(filter), order, from, most));
        std::vector<Numbered> out;
        for (auto& one : found) out.push_back({one.number, one.info});
        co_return std::move(out);
    }
    bool May(const vim::TaskInfo& info) const { return may(info.entity); }
    int Follow(const Filter& filter, std::function<void(const Numbered&, bool)> fn) {
        return tasks.followers().Add([filter, fn = std::move(fn)](const task::Board::Shown& shown) {
            fn({shown.number, shown.info}, task::Matches(filter, *shown.info, shown.lineage));
        });
    }
    void Forget(int token) { tasks.followers().Forget(token); }

    task::DurableTasks& tasks;
    api::May may;
};

vim::Result<> CheckFilter(Call& call, const vim::Ref& entity) {
    if (!entity) return {};
    if (!call.now->Peek(entity)) return vim::Fault(vim::ManagedObjectNotFound(entity));
    return call.Check(entity, "System.View");
}

vim::Result<> CheckRoom(Call& call) {
    std::size_t have = 0;
    call.state->objects.ForEach(
        [&](const inventory::Node& node) { have += node->type().IsA(vim::HistoryCollector::kType); });
    if (have < kMostCollectors) return {};
    return vim::Fault(vim::InvalidState(), "this session has 32 history collectors, the most allowed; destroy some");
}

template <class Source> Co<vim::Result<vim::Ref>> Create(Call& call, Source source, typename Source::Filter filter) {
    CO_CHECK(CheckRoom(call));
    CO_CHECK(CheckFilter(call, filter.entity ? filter.entity->entity : vim::Ref()));
    auto state = call.state;                     // the session may end while we read
    vim::Ref ref = state->objects.NewRef(Source::Object::kType);
    auto collector =
        std::make_shared<HistoryCollector<Source>>(std::move(source), state->objects, ref, std::move(filter));
    CO_CHECK(co_await collector->Open());
    co_return ref;
}

vim::Result<int> Count(int asked) {
    if (asked > 0) return std::min(asked, kMostItems);
    return vim::Fault(vim::InvalidArgument("maxCount"), "maxCount must be above 0");
}

// The collector behind the object; null when the object is none.
std::shared_ptr<HistoryCursor> CursorOf(Call& call, const vim::Ref& self) {
    auto* cursor = self.type && self.type->IsA(vim::HistoryCollector::kType)
                       ? call.state->objects.Attached<HistoryCursor>(self)
                       : nullptr;
    return cursor ? std::shared_ptr<HistoryCursor>(call.state, cursor) : nullptr;
}

template <class Source>
Co<vim::Result<std::vector<vim::Ptr<typename Source::Item>>>> ReadPage(Call& call, vim::Ref self, int max_count,
                                                                       bool next) {
    CO_TRY(most, Count(max_count));
    auto state = call.state;
    auto cursor = CursorOf(call, self);
    auto* collector = dynamic_cast<HistoryCollector<Source>*>(cursor.get());
    if (!collector) co_return vim::Fault(vim::ManagedObjectNotFound(self));
    if (next) co_return co_await collector->ReadNext(most);
    co_return co_await collector->ReadPrevious(most);
}

Co<vim::Result<>> SetPageSize(Call& call, vim::Ref self, int size) {
    if (size <= 0 || size > kMostItems)
        co_return vim::Fault(vim::InvalidArgument("maxCount"), "a page has 1 to 1000 items");
    auto state = call.state;
    auto cursor = CursorOf(call, self);
    if (!cursor) co_return vim::Fault(vim::ManagedObjectNotFound(self));
    co_return co_await cursor->SetPageSize(size);
}

template <class Fn> vim::Result<> Move(Call& call, const vim::Ref& self, const Fn& fn) {
    auto cursor = CursorOf(call, self);
    if (!cursor) return vim::Fault(vim::ManagedObjectNotFound(self));
    fn(*cursor);
    return {};
}

Co<vim::Result<std::vector<vim::Ptr<vim::Event>>>> Query(Call& call, event::StoredEvents& events, May may,
                                                         vim::EventFilterSpec filter) {
    CO_CHECK(CheckFilter(call, filter.entity ? filter.entity->entity : vim::Ref()));
    auto found = co_await events.Query(std::move(filter), kMostItems);
    if (!found) co_return vim::Fault(std::move(found).error());
    std::erase_if(*found, [&](const auto& event) { return !may(event::SubjectOf(*event)); });
    co_return *std::move(found);
}

vim::Result<> LogUser(Call& call, event::Events& events, const call::LogUserEvent& request) {
    if (!call.now->Peek(request.entity)) return vim::Fault(vim::ManagedObjectNotFound(request.entity));
    CHECK(call.Check(request.entity, "Global.LogEvent"));
    vim::GeneralUserEvent event;
    event.entity.Mut().entity = request.entity;
    event.message = request.msg;
    if (request.entity.type->IsA(vim::VirtualMachine::kType)) event.vm.Mut().vm = request.entity;
    events.Post(event, call.user);
    return {};
}

// Only events that say of themselves whose words they are: nobody forges a log-in.
vim::Result<> PostOwn(Call& call, event::Events& events, const call::PostEvent& request) {
    const auto& event = request.event_to_post;
    bool open =
        event && (event.As<vim::EventEx>() || event.As<vim::ExtendedEvent>() || event.As<vim::GeneralUserEvent>());
    if (!open) return vim::Fault(vim::InvalidEvent(), "only EventEx, ExtendedEvent and GeneralUserEvent can be posted");
    events.Post(event, call.user, request.task_info ? request.task_info->event_chain_id : 0);
    return {};
}

vim::Result<std::vector<vim::Ptr<vim::EventArgDesc>>> Arguments(const std::string& id) {
    std::string_view name = id;
    if (name.starts_with("vim.event.")) name.remove_prefix(10);
    const vim::Type* type = vim::FindType(name);
    if (!type || !type->IsA(vim::Event::kType))
        return vim::Fault(vim::InvalidArgument("eventTypeId"), "there is no event type " + id);
    return event::ArgumentsOf(*type);
}

// Who began a task may cancel it; another needs the privilege on its entity.
vim::Result<> Cancel(Call& call, History& history, const vim::Ref& self) {
    auto* task = call.now->Get<vim::Task>(self);
    if (!task || !task->info) return vim::Fault(vim::ManagedObjectNotFound(self));
    auto* reason = task->info->reason.As<vim::TaskReasonUser>();
    if (!reason || reason->user_name != call.user)
        CHECK(call.Check(call.now->Peek(task->info->entity) ? task->info->entity : history.root, "Global.CancelTask"));
    return history.tasks.Cancel(self);
}

void ServeCollectors(Dispatch& d, History& h) {
    d.On<call::CreateCollectorForEvents>([&h](Call& c, const call::CreateCollectorForEvents& r) {
        return Create(c, EventSource{h.events, SeenBy(c, h)}, r.filter ? *r.filter : vim::EventFilterSpec());
    });
    d.On<call::CreateCollectorForTasks>([&h](Call& c, const call::CreateCollectorForTasks& r) {
        return Create(c, TaskSource{h.tasks, SeenBy(c, h)}, r.filter ? *r.filter : vim::TaskFilterSpec());
    });
    d.On<call::ReadNextEvents>(
        [](Call& c, const call::ReadNextEvents& r) { return ReadPage<EventSource>(c, r.self, r.max_count, true); });
    d.On<call::ReadPreviousEvents>([](Call& c, const call::ReadPreviousEvents& r) {
        return ReadPage<EventSource>(c, r.self, r.max_count, false);
    });
    d.On<call::ReadNextTasks>(
        [](Call& c, const call::ReadNextTasks& r) { return ReadPage<TaskSource>(c, r.self, r.max_count, true); });
    d.On<call::ReadPreviousTasks>(
        [](Call& c, const call::ReadPreviousTasks& r) { return ReadPage<TaskSource>(c, r.self, r.max_count, false); });
    d.On<call::SetCollectorPageSize>(
        [](Call& c, const call::SetCollectorPageSize& r) { return SetPageSize(c, r.self, r.max_count); });
    d.On<call::RewindCollector>([](Call& c, const call::RewindCollector& r) {
        return Move(c, r.self, [](HistoryCursor& at) { at.Rewind(); });
    });
    d.On<call::ResetCollector>(
        [](Call& c, const call::ResetCollector& r) { return Move(c, r.self, [](HistoryCursor& at) { at.Reset(); }); });
    d.On<call::DestroyCollector>([](Call& c, const call::DestroyCollector& r) -> vim::Result<> {
        if (CursorOf(c, r.self) && c.state->objects.Drop(r.self)) return {};
        return vim::Fault(vim::ManagedObjectNotFound(r.self));
    });
}

}  // namespace

void ServeHistory(Dispatch& d, History& h) {
    ServeCollectors(d, h);
    d.On<call::QueryEvents>([&h](Call& c, const call::QueryEvents& r) {
        return Query(c, h.events, SeenBy(c, h), r.filter ? *r.filter : vim::EventFilterSpec());
    });
    d.On<call::LogUserEvent>([&h](Call& c, const call::LogUserEvent& r) { return LogUser(c, h.events, r); });
    d.On<call::PostEvent>([&h](Call& c, const call::PostEvent& r) { return PostOwn(c, h.events, r); });
    d.On<call::RetrieveArgumentDescription>(
        [](Call&, const call::RetrieveArgumentDescription& r) { return Arguments(r.event_type_id); });
    d.On<call::CancelTask>([&h](Call& c, const call::CancelTask& r) { return Cancel(c, h, r.self); });
}

}  // namespace api
