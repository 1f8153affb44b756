#include "task/filter.h"

#include <algorithm>

#include "event/lineage.h"

namespace task {

template <class T> static bool Has(const std::vector<T>& list, const T& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

static bool HasSet(const std::vector<std::string>& list, const std::optional<std::string>& word) {
    return word && Has(list, *word);
}

static bool IsBy(const vim::TaskFilterSpecByUsername& who, const vim::TaskInfo& info) {
    auto* user = info.reason.As<vim::TaskReasonUser>();
    if (!user) return who.system_user;
    if (who.user_list.empty()) return !who.system_user;
    return Has(who.user_list, user->user_name);
}

static std::optional<vim::Time> TimeOf(const vim::TaskInfo& info, vim::TaskFilterSpecTimeOption which) {
    switch (which) {
        case vim::TaskFilterSpecTimeOption::kQueuedTime: return info.queue_time;
        case vim::TaskFilterSpecTimeOption::kStartedTime: return info.start_time;
        case vim::TaskFilterSpecTimeOption::kCompletedTime: return info.complete_time;
    }
    return std::nullopt;
}

static bool IsWithin(const vim::TaskFilterSpecByTime& span, const vim::TaskInfo& info) {
    auto time = TimeOf(info, span.time_type);
    return time && (!span.begin_time || *time >= *span.begin_time) && (!span.end_time || *time <= *span.end_time);
}

static event::Recursion AsRecursion(vim::TaskFilterSpecRecursionOption option) {
    switch (option) {
        case vim::TaskFilterSpecRecursionOption::kSelf: return event::Recursion::kSelf;
        case vim::TaskFilterSpecRecursionOption::kChildren: return event::Recursion::kChildren;
        case vim::TaskFilterSpecRecursionOption::kAll: return event::Recursion::kAll;
    }
    return event::Recursion::kAll;
}

bool Matches(const vim::TaskFilterSpec& f, const vim::TaskInfo& info, const std::string& lineage) {
    if (f.alarm || f.scheduled_task) return false;           // a host has neither
    if (!f.state.empty() && !Has(f.state, info.state)) return false;
    if (!f.event_chain_id.empty() && !Has(f.event_chain_id, info.event_chain_id)) return false;
    if (!f.tag.empty() && !HasSet(f.tag, info.change_tag)) return false;
    if (!f.parent_task_key.empty() && !HasSet(f.parent_task_key, info.parent_task_key)) return false;
    if (!f.root_task_key.empty() && !HasSet(f.root_task_key, info.root_task_key)) return false;
    if (!f.activation_id.empty() && !HasSet(f.activation_id, info.activation_id)) return false;
    if (f.user_name && !IsBy(*f.user_name, info)) return false;
    if (f.time && !IsWithin(*f.time, info)) return false;
    return !f.entity || event::IsWithin(lineage, f.entity->entity, AsRecursion(f.entity->recursion));
}

}  // namespace task
