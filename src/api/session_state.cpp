#include "api/session_state.h"

#include "api/collector.h"
#include "api/retrieve.h"

namespace api {

SessionState::SessionState(inventory::Inventory& inventory, std::string key)
    : objects(std::move(key)), inventory_(inventory), watch_(inventory.OnCommit([this] { changed.Notify(); })) {
    objects.on_change = [this] { changed.Notify(); };
}

SessionState::~SessionState() {
    inventory_.Forget(watch_);
    objects.on_change = nullptr;
    for (auto& [id, collector] : collectors) collector->Cancel();
    collectors.clear();
}

}  // namespace api
