// TaskManager, Task, EventManager and the history collectors.
#pragma once

#include "access/authorization.h"
#include "api/dispatch.h"
#include "event/stored_events.h"
#include "task/durable_tasks.h"

namespace api {

struct History {
    inventory::Inventory& inventory;
    auth::Authorization& authorization;
    event::StoredEvents& events;
    task::DurableTasks& tasks;
    vim::Ref root;                               // the root folder: asked about what is gone
};

void ServeHistory(Dispatch& dispatch, History& history);

}  // namespace api
