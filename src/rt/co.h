// Co<T>: a step of work that may wait. It runs on the loop that owns it.
//
// Parameters go in by value; name temporaries before `co_await`.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace rt {

template <class T> using Co = boost::asio::awaitable<T>;

}  // namespace rt
