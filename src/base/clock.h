// The time of day and the time that passes, behind an interface so that a test
// never waits for real time.
#pragma once

#include <chrono>

namespace base {

using Time = std::chrono::sys_time<std::chrono::microseconds>;   // UTC
using Duration = std::chrono::microseconds;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Time Now() const = 0;          // wall clock; may jump
    virtual Duration Since() const = 0;    // monotonic, from an arbitrary start
};

class SystemClock : public Clock {
public:
    Time Now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
    Duration Since() const override {
        return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
    }
};

// A clock that a test moves by hand.
class ManualClock : public Clock {
public:
    Time Now() const override { return start_ + passed_; }
    Duration Since() const override { return passed_; }
    void Advance(Duration by) { passed_ += by; }

private:
    Time start_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    Duration passed_{};
};

}  // namespace base
