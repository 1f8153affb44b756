// What the API keeps for one session besides who it is: its objects and its property
// collectors. Dies with the session.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "api/session_objects.h"
#include "rt/signal.h"

namespace api {

class Collector;

struct SessionState {
    SessionState(inventory::Inventory& inventory, std::string key);
    ~SessionState();

    SessionObjects objects;
    // By moid; the default one ("ha-property-collector") is made on first use.
    std::map<std::string, std::shared_ptr<Collector>> collectors;
    // Unfinished retrievals: token -> what is left.
    struct Rest;
    std::map<std::string, std::unique_ptr<Rest>> retrievals;
    int next_token = 1;
    rt::Signal changed;                       // the inventory or an object of the session did

private:
    inventory::Inventory& inventory_;
    int watch_;
};

}  // namespace api
