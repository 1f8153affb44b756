// Events: what happened, for people and programs. Kept over restarts (SQLite), numbered
// without gaps, published through EventManager.latestEvent and history collectors.
#pragma once

#include <string>

#include "vim/gen/event.h"

namespace event {

class Events {
public:
    virtual ~Events() = default;
    // Fills in key, createdTime, the names of the entities that are set, where it was
    // (host, computeResource, datacenter) and fullFormattedMessage from the type's format;
    // stores and publishes it. Gives its key. chain_id 0: the event starts a chain of its
    // own. Also writes the line to the log. Set the references (event.vm.Mut().vm = ref);
    // name an entity yourself only when it has left the inventory already.
    virtual int Post(vim::Ptr<vim::Event> event, std::string user, int chain_id = 0) = 0;
};

}  // namespace event
