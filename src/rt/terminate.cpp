#include "rt/terminate.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "base/log.h"
#include "base/text.h"

namespace rt {

namespace asio = boost::asio;

static Co<void> AwaitSignal(std::shared_ptr<asio::signal_set> signals, std::function<void()> end) {
    auto [error, number] = co_await signals->async_wait(asio::as_tuple(asio::use_awaitable));
    signals->clear();   // back to the default action
    if (error) co_return;
    base::LogInfo("rt", base::Cat("signal ", number, " came"));
    end();
}

void OnPowerFailure(Loop& loop, std::function<void()> down) {
    auto signals = std::make_shared<asio::signal_set>(loop.io(), SIGPWR);
    loop.Spawn(AwaitSignal(std::move(signals), std::move(down)));
}

void OnTerminate(Loop& loop, std::function<void()> end) {
    auto signals = std::make_shared<asio::signal_set>(loop.io(), SIGTERM, SIGINT);
    loop.Spawn(AwaitSignal(std::move(signals), std::move(end)));
}

}  // namespace rt
