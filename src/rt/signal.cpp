#include "rt/signal.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>

namespace rt {

namespace asio = boost::asio;

namespace {

struct Waiter {
    asio::steady_timer timer;
    bool notified = false;
};

}  // namespace

struct Signal::Rep {
    std::list<Waiter*> waiters;

    void NotifyAll() {
        for (Waiter* waiter : std::exchange(waiters, {})) {
            waiter->notified = true;
            waiter->timer.cancel();
        }
    }
};

Signal::Signal() : rep_(std::make_shared<Rep>()) {}

Signal::~Signal() { rep_->NotifyAll(); }

void Signal::Notify() { rep_->NotifyAll(); }

Co<void> Signal::Wait() { co_await WaitFor(base::Duration::max()); }

// The signal may be destroyed while we wait: after the wait only `rep` is touched.
Co<bool> Signal::WaitFor(base::Duration at_most) {
    auto rep = rep_;
    Waiter waiter{asio::steady_timer(co_await asio::this_coro::executor)};
    if (at_most == base::Duration::max()) waiter.timer.expires_at(asio::steady_timer::time_point::max());
    else waiter.timer.expires_after(at_most);

    // Also runs when the loop ends under us and destroys this frame.
    struct Forget {
        Rep& rep;
        Waiter& waiter;
        ~Forget() { rep.waiters.remove(&waiter); }
    } forget{*rep, waiter};
    rep->waiters.push_back(&waiter);

    co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return waiter.notified;
}

}  // namespace rt
