#include "rt/pool.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

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

Co<void> Pool::RunStep(std::function<void()> step) {
    auto start = [this, &step](auto resume) {
        auto loop = asio::get_associated_executor(resume);
        auto stay = asio::make_work_guard(loop);
        asio::post(rep_->pool, [&step, stay = std::move(stay), resume = std::move(resume)]() mutable {
            Call(step);
            asio::post(stay.get_executor(), std::move(resume));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
}

}  // namespace rt
