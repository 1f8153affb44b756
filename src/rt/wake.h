// When this thread last came back from waiting for events. Only for boost.cpp and loop.cpp.
#pragma once

#include <chrono>

struct epoll_event;

namespace rt {

int WaitForEvents(int epoll, epoll_event* events, int most, int timeout);
std::chrono::steady_clock::time_point LastWake();   // of the calling thread

}  // namespace rt
