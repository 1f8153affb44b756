// Fills in what an event says about where it happened, from the inventory as it is now.
#pragma once

#include "event/events.h"
#include "inventory/inventory.h"

namespace event {

// The host of events that name none is `own_host`.
void FillArguments(vim::Event& event, const inventory::Snapshot& now, const vim::Ref& own_host);

// What the event is about: a VM, a host, a datastore ...; null when nothing is named.
vim::Ref SubjectOf(const vim::Event& event);

// Every entity that the event names.
std::vector<vim::Ref> EntitiesOf(const vim::Event& event);

}  // namespace event
