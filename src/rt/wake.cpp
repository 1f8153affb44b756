#include "rt/wake.h"

#include <sys/epoll.h>

namespace rt {

static thread_local std::chrono::steady_clock::time_point last_wake;

int WaitForEvents(int epoll, epoll_event* events, int most, int timeout) {
    int count = epoll_wait(epoll, events, most, timeout);
    if (timeout != 0) last_wake = std::chrono::steady_clock::now();
    return count;
}

std::chrono::steady_clock::time_point LastWake() { return last_wake; }

}  // namespace rt
