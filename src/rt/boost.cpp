// The compiled half of Boost (Asio, Beast, JSON), once for the whole program.
#include <sys/epoll.h>

#include "rt/wake.h"

// Asio does not tell when its wait ended and a step began; Loop::WatchSteps() must know.
#define epoll_wait(epoll, events, most, timeout) rt::WaitForEvents(epoll, events, most, timeout)
#include <boost/asio/impl/src.hpp>
#undef epoll_wait

#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/json/src.hpp>
