#include "rt/timer.h"

#include "rt/loop.h"
#include "rt/signal.h"

namespace rt {

Co<void> SystemTimer::Sleep(base::Duration time) { return rt::Sleep(time); }

struct VirtualTimer::Rep {
    std::multimap<base::Duration, std::shared_ptr<Signal>> sleepers;   // by the time they wake
};

VirtualTimer::VirtualTimer() : rep_(std::make_unique<Rep>()) {}

VirtualTimer::~VirtualTimer() = default;

Co<void> VirtualTimer::Sleep(base::Duration time) {
    if (time <= base::Duration::zero()) {
        co_await Yield();
        co_return;
    }
    auto wake = std::make_shared<Signal>();
    rep_->sleepers.emplace(Since() + time, wake);
    co_await wake->Wait();
}

void VirtualTimer::Advance(base::Duration by) {
    clock_.Advance(by);
    auto due = rep_->sleepers.upper_bound(Since());
    for (auto it = rep_->sleepers.begin(); it != due; it = rep_->sleepers.erase(it)) it->second->Notify();
}

}  // namespace rt
