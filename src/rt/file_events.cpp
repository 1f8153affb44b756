#include "rt/file_events.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/text.h"
#include "rt/fd.h"
#include "rt/loop.h"
#include "rt/signal.h"

namespace rt {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

struct FileEvents::Rep {
    explicit Rep(const asio::any_io_executor& executor) : folders(executor), mounts(executor) {}

    Descriptor folders, mounts;
    unsigned happened = 0, told = 0;
    Signal signal;
};

// What the kernel has to say of mounts comes as an urgent condition, without bytes.
Co<void> FileEvents::Watch(std::shared_ptr<Rep> rep, bool mounts) {
    Descriptor& source = mounts ? rep->mounts : rep->folders;
    char words[4096];
    for (;;) {
        auto [error] = co_await source.async_wait(mounts ? Descriptor::wait_error : Descriptor::wait_read,
                                                  asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        while (!mounts && read(source.native_handle(), words, sizeof words) > 0) {}
        ++rep->happened;
        rep->signal.Notify();
    }
}

Co<base::Result<std::unique_ptr<FileEvents>>> FileEvents::Open() {
    Fd folders(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!folders) co_return base::FromErrno(errno, "watch folders");
    Fd mounts(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    if (!mounts) co_return base::FromErrno(errno, "watch mounts");
    auto rep = std::make_shared<Rep>(co_await asio::this_coro::executor);
    boost::system::error_code error;
    rep->folders.assign(folders.get(), error);
    if (error) co_return base::FromErrno(error.value(), "watch folders");
    folders.Release();
    rep->mounts.assign(mounts.get(), error);
    if (error) co_return base::FromErrno(error.value(), "watch mounts");
    mounts.Release();
    co_await Detach(Watch(rep, false));
    co_await Detach(Watch(rep, true));
    co_return std::unique_ptr<FileEvents>(new FileEvents(std::move(rep)));
}

FileEvents::~FileEvents() {
    boost::system::error_code ignored;
    rep_->folders.close(ignored);
    rep_->mounts.close(ignored);
}

base::Result<> FileEvents::Follow(const std::string& folder) {
    constexpr unsigned kComing = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
    if (inotify_add_watch(rep_->folders.native_handle(), folder.c_str(), kComing | IN_ONLYDIR) >= 0) return {};
    return base::FromErrno(errno, base::Cat("watch folder ", folder));
}

Co<void> FileEvents::Next() {
    auto rep = rep_;
    while (rep->told == rep->happened) co_await rep->signal.Wait();
    rep->told = rep->happened;
}

}  // namespace rt
