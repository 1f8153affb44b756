// SIGTERM, SIGINT and SIGPWR as calls on the loop.
#pragma once

#include <functional>

#include "rt/loop.h"

namespace rt {

// Calls `end` at the first of them. The second one ends the process the usual way, for
// whoever does not want to wait for a clean end. Keeps the loop running until then.
void OnTerminate(Loop& loop, std::function<void()> end);
// Calls `down` at the first SIGPWR: the machine goes down.
void OnPowerFailure(Loop& loop, std::function<void()> down);

}  // namespace rt
