// Turn: one coroutine at a time, for steps that wait in the middle (a file is written,
// then the new table is put in place). It must outlive whoever waits for it.
#pragma once

#include <utility>

#include "rt/signal.h"

namespace auth {

class Turn {
public:
    class Holder {
    public:
        explicit Holder(Turn* turn) : turn_(turn) {}
        Holder(Holder&& o) noexcept : turn_(std::exchange(o.turn_, nullptr)) {}
        Holder& operator=(Holder&&) = delete;
        ~Holder() {
            if (!turn_) return;
            turn_->taken_ = false;
            turn_->free_.Notify();
        }

    private:
        Turn* turn_;
    };

    rt::Co<Holder> Take() {
        while (taken_) co_await free_.Wait();
        taken_ = true;
        co_return Holder(this);
    }

private:
    bool taken_ = false;
    rt::Signal free_;
};

}  // namespace auth
