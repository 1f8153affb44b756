#include "rt/pool.h"

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

namespace rt {

namespace asio = boost::asio;

struct Pool::Rep {
    explicit Rep(int threads) : pool(static_cast<std::size_t>(threads)) {}
    asio::thread_pool pool;
};

Pool::Pool(int threads) : rep_(std::make_unique<Rep>(threads)) {}

Pool::~Pool() {
    rep_->pool.stop();
    rep_->pool.join();
}

// An exception in a step is a bug; `noexcept` makes it end the process where it happened.
static void Call(std::function<void()>& step) noexcept { step(); }

// Resuming the caller may end its loop, so the pool thread says when it has let go of it,
// and the caller waits for that: a few instructions, seldom more.
Co<void> Pool::RunStep(std::function<void()> step) {
    std::atomic<bool> let_go = false;
    auto start = [this, &step, &let_go](auto resume) {
        auto loop = asio::get_associated_executor(resume);
        auto stay = asio::make_work_guard(loop);
        asio::post(rep_->pool, [&step, &let_go, stay = std::move(stay), resume = std::move(resume)]() mutable {
            Call(step);
            {
                auto held = std::move(stay);
                asio::post(held.get_executor(), std::move(resume));
            }
            let_go.store(true, std::memory_order_release);   // the frame may be gone after this
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    while (!let_go.load(std::memory_order_acquire)) std::this_thread::yield();
}

}  // namespace rt
