// Everything that answers calls, by subject; app/ builds the parts and calls them all.
#pragma once

#include "api/dispatch.h"
#include "api/reader.h"
#include "base/clock.h"
#include "host/advanced_options.h"

namespace api {

// What several subjects need.
struct Services {
    inventory::Inventory& inventory;
    Computed computed;
};

void ServeCollector(Dispatch& dispatch, Services& services);   // PropertyCollector, PropertyFilter, Fetch
void ServeViews(Dispatch& dispatch, Services& services);       // ViewManager and the views
void ServeSearch(Dispatch& dispatch, Services& services);      // SearchIndex
void ServeService(Dispatch& dispatch, const base::Clock& clock);   // ServiceInstance, EnvironmentBrowser
void ServeOptions(Dispatch& dispatch, host::AdvancedOptions& options);   // OptionManager

}  // namespace api
