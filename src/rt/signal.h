// Signal: coroutines wait, somebody notifies. All on one loop.
#pragma once

#include <memory>

#include "base/clock.h"
#include "rt/co.h"

namespace rt {

class Signal {
public:
    Signal();
    ~Signal();                          // wakes whoever still waits
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void Notify();                      // wakes everybody who waits now
    Co<void> Wait();
    Co<bool> WaitFor(base::Duration at_most);   // false: nobody notified in time

private:
    struct Rep;
    std::shared_ptr<Rep> rep_;
};

}  // namespace rt
