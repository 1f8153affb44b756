// Time as the rules see it: now, and "wait so long". The real one, and one that a
// test or the simulator moves by hand.
#pragma once

#include <memory>

#include "base/clock.h"
#include "rt/co.h"

namespace rt {

class Timer : public base::Clock {
public:
    virtual Co<void> Sleep(base::Duration time) = 0;
};

class SystemTimer : public Timer {
public:
    base::Time Now() const override { return clock_.Now(); }
    base::Duration Since() const override { return clock_.Since(); }
    Co<void> Sleep(base::Duration time) override;

private:
    base::SystemClock clock_;
};

// Sleepers wake when Advance() passes their time, in the order of their times.
class VirtualTimer : public Timer {
public:
    VirtualTimer();
    ~VirtualTimer() override;
    base::Time Now() const override { return clock_.Now(); }
    base::Duration Since() const override { return clock_.Since(); }
    Co<void> Sleep(base::Duration time) override;
    void Advance(base::Duration by);

private:
    base::ManualClock clock_;
    struct Rep;
    std::unique_ptr<Rep> rep_;
};

}  // namespace rt
