#include <fcntl.h>
#include <signal.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "base/text.h"
#include "rt/loop.h"
#include "rt/process.h"
#include "rt/signal.h"

namespace rt {

namespace asio = boost::asio;
using Pipe = asio::posix::stream_descriptor;

namespace {

// What the readers, the writer and the one who waits share.
struct Run {
    explicit Run(asio::any_io_executor executor) : in(executor), out(executor), err(executor) {}
    Pipe in, out, err;
    RunResult result;
    int busy = 0;             // of: reading stdout, reading stderr, waiting for the exit
    bool flooded = false;
    base::Result<> wait;
    Signal changed;
};

struct Ends {
    Fd ours, theirs;
};

}  // namespace

static base::Result<Ends> MakePipe(bool we_write) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return base::FromErrno(errno, "make a pipe");
    if (we_write) return Ends{Fd(ends[1]), Fd(ends[0])};
    return Ends{Fd(ends[0]), Fd(ends[1])};
}

static Co<void> Feed(std::shared_ptr<Run> run, std::string input) {
    auto bytes = asio::buffer(input);
    co_await asio::async_write(run->in, bytes, asio::as_tuple(asio::use_awaitable));   // it may not want it all
    run->in.close();
}

static Co<void> Collect(std::shared_ptr<Run> run, Pipe& from, std::string& into, std::size_t limit) {
    char piece[8192];
    for (;;) {
        auto buffer = asio::buffer(piece);
        auto [error, count] = co_await from.async_read_some(buffer, asio::as_tuple(asio::use_awaitable));
        if (error) break;
        if (into.size() + count > limit) {
            run->flooded = true;
            break;
        }
        into.append(piece, count);
    }
    --run->busy;
    run->changed.Notify();
}

static Co<void> AwaitExit(std::shared_ptr<Run> run, Co<base::Result<ExitCode>> exit) {
    auto code = co_await std::move(exit);
    if (code) run->result.code = code->value_or(-1);
    else run->wait = std::move(code).error();
    --run->busy;
    run->changed.Notify();
}

static Co<void> UntilDone(std::shared_ptr<Run> run, base::Duration limit) {
    auto end = std::chrono::steady_clock::now() + limit;
    while (run->busy > 0 && !run->flooded) {
        auto left = std::chrono::floor<base::Duration>(end - std::chrono::steady_clock::now());
        if (left <= base::Duration::zero()) break;
        co_await run->changed.WaitFor(left);
    }
}

// When the caller's coroutine is dropped half-way, the program goes with it.
struct KillAtEnd {
    pid_t group;
    bool* running;
    ~KillAtEnd() {
        if (*running) kill(-group, SIGKILL);
    }
};

Co<base::Result<RunResult>> RunProgram(RunSpec spec) {
    CO_TRY(in, MakePipe(true));
    CO_TRY(out, MakePipe(false));
    CO_TRY(err, MakePipe(false));
    auto& fds = spec.program.fds;
    fds.insert(fds.end(), {{in.theirs.get(), 0}, {out.theirs.get(), 1}, {err.theirs.get(), 2}});
    spec.program.new_session = true;   // one group, so that all of it can be killed
    CO_TRY(process, Spawn(spec.program));
    bool running = true;
    KillAtEnd guard{process.pid(), &running};
    in.theirs.Close(), out.theirs.Close(), err.theirs.Close();

    auto run = std::make_shared<Run>(co_await asio::this_coro::executor);
    run->in.assign(in.ours.Release());
    run->out.assign(out.ours.Release());
    run->err.assign(err.ours.Release());
    run->busy = 3;
    co_await Detach(Feed(run, std::move(spec.input)));
    co_await Detach(Collect(run, run->out, run->result.out, spec.output_limit));
    co_await Detach(Collect(run, run->err, run->result.err, spec.output_limit));
    co_await Detach(AwaitExit(run, process.Wait()));
    co_await UntilDone(run, spec.time_limit);

    bool late = run->busy > 0 && !run->flooded;
    if (run->busy > 0) kill(-process.pid(), SIGKILL);   // also a grandchild that holds the pipes
    running = false;
    run->in.close(), run->out.close(), run->err.close();
    while (run->busy > 0) co_await run->changed.Wait();
    const std::string& name = spec.program.argv[0];
    if (run->flooded)
        co_return base::Error(base::Code::kInvalid,
                              base::Cat(name, " wrote more than ", spec.output_limit, " bytes and was ended"));
    if (late) co_return base::Error(base::Code::kTimeout, name + " did not end in time and was ended");
    if (!run->wait) co_return std::move(run->wait).error();
    co_return std::move(run->result);
}

}  // namespace rt
