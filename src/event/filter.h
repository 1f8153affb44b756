// Which events a filter of a client means: one rule for those in memory and on disk.
#pragma once

#include <string>

#include "vim/gen/event.h"

namespace event {

// What a filter looks at, without the event itself: on disk these are columns.
struct Facts {
    int key = 0, chain = 0;
    vim::Time time{};
    std::string user;                // "": the system
    const vim::Type* type = nullptr; // null: a type that this build does not have
    std::string type_id;             // of an EventEx or ExtendedEvent
    std::string category;
    std::string tag;
    std::string lineage;
};

Facts FactsOf(const vim::Event& event, std::string lineage);
bool Matches(const vim::EventFilterSpec& filter, const Facts& facts);

}  // namespace event
