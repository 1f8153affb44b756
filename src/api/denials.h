// What the gate refused for want of a right: a line in the log, and an event when somebody is
// logged in (strangers do not fill the history; refused log-ins have events of their own).
//
// A client that asks the same again and again is told of once a minute, with a count.
#pragma once

#include <unordered_map>

#include "api/call.h"
#include "base/clock.h"
#include "event/events.h"

namespace api {

class Denials {
public:
    Denials(event::Events& events, const base::Clock& clock) : events_(events), clock_(clock) {}
    void Note(const Call& call, std::string_view method, const vim::Fault& fault);

    static constexpr std::string_view kEventType = "bedplate.api.denied";

private:
    struct Told {
        base::Duration at;
        int since = 0;                     // more of them after it
    };
    // How many went untold before this one; nothing when this one need not be told either.
    std::optional<int> Due(const std::string& key);

    event::Events& events_;
    const base::Clock& clock_;
    std::unordered_map<std::string, Told> told_;
};

}  // namespace api
