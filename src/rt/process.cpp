#include "rt/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/text.h"

namespace rt {

namespace asio = boost::asio;

base::Result<Process> Process::Open(pid_t pid) {
    Fd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));   // CLOEXEC by itself
    if (handle) return Process(pid, std::move(handle));
    if (errno == ESRCH) return base::Error(base::Code::kNotFound, base::Cat("there is no process ", pid));
    return base::FromErrno(errno, base::Cat("watch process ", pid));
}

// A pidfd is readable once the process has ended, reaped or not.
static bool Ended(int handle) {
    pollfd look{handle, POLLIN, 0};
    return poll(&look, 1, 0) == 1;
}

bool Process::running() const { return !Ended(handle_.get()); }

base::Result<> Process::Kill(int signal) const {
    if (syscall(SYS_pidfd_send_signal, handle_.get(), signal, nullptr, 0) == 0) return {};
    if (errno == ESRCH) return base::Error(base::Code::kNotFound, base::Cat("process ", pid_, " has ended"));
    return base::FromErrno(errno, base::Cat("send signal ", signal, " to process ", pid_));
}

static base::Result<ExitCode> Reap(int handle) {
    siginfo_t info = {};
    if (waitid(P_PIDFD, static_cast<id_t>(handle), &info, WEXITED) != 0) {
        if (errno == ECHILD) return ExitCode();
        return base::FromErrno(errno, "ask how a process ended");
    }
    return ExitCode(info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status);
}

static Co<base::Result<ExitCode>> WaitOn(int handle) {
    asio::posix::stream_descriptor ended(co_await asio::this_coro::executor, handle);
    auto [error] =
        co_await ended.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
    if (error) co_return base::Error(base::Code::kCancelled, "wait for a process: " + error.message());
    co_return Reap(handle);
}

static Co<base::Result<ExitCode>> Failed(base::Error error) { co_return error; }

Co<base::Result<ExitCode>> Process::Wait() const {
    int handle = fcntl(handle_.get(), F_DUPFD_CLOEXEC, 3);
    if (handle < 0) return Failed(base::FromErrno(errno, base::Cat("wait for process ", pid_)));
    return WaitOn(handle);
}

}  // namespace rt
