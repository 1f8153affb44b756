#include "task/description.h"

#include "vim/gen/service.h"

namespace task {

template <class T>
static vim::Ptr<T> Words(std::string_view key, std::string_view label, std::string_view summary) {
    T out;
    out.key = key;
    out.label = label;
    out.summary = summary;
    return out;
}

vim::TaskDescription Description() {
    using E = vim::ElementDescription;
    using T = vim::TypeDescription;
    vim::TaskDescription out;
    for (const vim::Method* method : vim::AllMethods())
        if (method->is_task) out.method_info.push_back(Words<E>(method->task_id, method->name, method->doc.empty() ? method->name : method->doc));
    out.state = {Words<E>("queued", "Queued", "The task waits for its turn"), Words<E>("running", "Running", "The task runs"),
                 Words<E>("success", "Success", "The task ended well"), Words<E>("error", "Error", "The task failed")};
    out.reason = {Words<T>("TaskReasonUser", "User", "A user asked for it"), Words<T>("TaskReasonSystem", "System", "The host began it by itself"),
                  Words<T>("TaskReasonAlarm", "Alarm", "An alarm began it"), Words<T>("TaskReasonSchedule", "Schedule", "A scheduled task began it")};
    return out;
}

}  // namespace task
