// The loop: one thread that owns the state. Everything that is not said to be
// thread-safe is called from it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "rt/co.h"

namespace boost::asio {
class io_context;
}

namespace rt {

class Loop {
public:
    Loop();
    ~Loop();

    void Run();                              // until Stop() or nothing is left to do
    void Stop();                             // thread-safe
    void Post(std::function<void()> work);   // thread-safe
    // Starts a coroutine. An exception that leaves it is a bug and ends the process.
    void Spawn(Co<void> work);

    // Names any step that keeps the loop for longer than this in the log. 0: off.
    void WatchSteps(std::chrono::milliseconds limit);

    boost::asio::io_context& io();           // for rt/ and net/ only

private:
    struct Rep;
    std::unique_ptr<Rep> rep_;
};

// Runs one coroutine to its end on a loop of its own. For tests and tools.
void RunToEnd(Co<void> work);

// On the loop of the coroutine that calls them:
Co<void> Sleep(base::Duration time);
Co<void> Yield();                            // lets everybody else have a turn

// Starts `work` beside the caller, on the caller's loop.
Co<void> Detach(Co<void> work);

}  // namespace rt
