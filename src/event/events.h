// Events: what happened, for people and programs. Kept over restarts (SQLite), numbered
// without gaps, published through EventManager.latestEvent and history collectors.
#pragma once

#include <string>

#include "vim/gen/event.h"

namespace event {

class Events {
public:
    virtual ~Events() = default;
    // Fills in key, createdTime, the names of the entities that are set, and
    // fullFormattedMessage from the type's format; stores and publishes it. chain_id 0:
    // the event starts a chain of its own. Also writes the line to the log.
    virtual int Post(vim::Ptr<vim::Event> event, std::string user, int chain_id = 0) = 0;
};

}  // namespace event
