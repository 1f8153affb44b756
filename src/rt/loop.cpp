#include "rt/loop.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>

#include "base/log.h"
#include "base/text.h"
#include "rt/wake.h"

namespace rt {

namespace asio = boost::asio;
using SteadyTime = std::chrono::steady_clock::time_point;

struct Loop::Rep {
    asio::io_context io{1};
    std::chrono::milliseconds step_limit{0};
};

// What a spawned coroutine ends with: nothing, or a bug.
static void EndProcessOnException(std::exception_ptr thrown) {
    if (!thrown) return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
        base::LogError("rt", base::Cat("a bug: an exception left a coroutine: ", std::string_view(e.what())));
    } catch (...) { base::LogError("rt", "a bug: an unnamed exception left a coroutine"); }
    std::abort();
}

Loop::Loop() : rep_(std::make_unique<Rep>()) {
    std::signal(SIGPIPE, SIG_IGN);   // a peer that went away is an error code, not the end of us
}

Loop::~Loop() = default;

static void WarnOfLongStep(SteadyTime begun, std::chrono::milliseconds limit) {
    auto took = std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    if (took <= limit) return;
    base::LogWarning("rt", base::Cat("one step kept the loop for ", took.count(), " ms (limit ", limit.count(),
                                     " ms); everybody else waited so long"));
}

void Loop::Run() {
    rep_->io.restart();
    while (!rep_->io.stopped()) {
        if (rep_->step_limit.count() == 0) {
            if (rep_->io.run_one() == 0) return;
            continue;
        }
        SteadyTime before = std::chrono::steady_clock::now();
        if (rep_->io.run_one() == 0) return;
        WarnOfLongStep(std::max(before, LastWake()), rep_->step_limit);
    }
}

void Loop::Stop() { rep_->io.stop(); }

void Loop::Post(std::function<void()> work) { asio::post(rep_->io, std::move(work)); }

void Loop::Spawn(Co<void> work) { asio::co_spawn(rep_->io, std::move(work), EndProcessOnException); }

void Loop::WatchSteps(std::chrono::milliseconds limit) { rep_->step_limit = limit; }

asio::io_context& Loop::io() { return rep_->io; }

static Co<void> ThenStop(Loop& loop, Co<void> work) {
    co_await std::move(work);
    loop.Stop();
}

void RunToEnd(Co<void> work) {
    Loop loop;
    loop.Spawn(ThenStop(loop, std::move(work)));
    loop.Run();
}

Co<void> Sleep(base::Duration time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

Co<void> Yield() {
    auto executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
}

Co<void> Detach(Co<void> work) {
    auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, std::move(work), EndProcessOnException);
}

}  // namespace rt
