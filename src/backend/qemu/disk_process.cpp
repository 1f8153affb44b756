#include "backend/qemu/disk_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "backend/qemu/launch.h"
#include "backend/qemu/qmp/commands.h"
#include "base/log.h"
#include "base/text.h"
#include "net/unix_address.h"
#include "rt/loop.h"
#include "rt/process.h"
#include "rt/signal.h"

namespace backend::qemu {

namespace {

constexpr int kControl = 3;
constexpr auto kGreetingTime = std::chrono::seconds(60);         // of an overloaded machine

rt::SpawnSpec Describe(const DiskProcess::Plan& plan) {
    rt::SpawnSpec spawn;
    spawn.argv = {plan.program,
                  "-machine",
                  "none",
                  "-nodefaults",
                  "-no-user-config",
                  "-S",
                  "-display",
                  "none",
                  "-sandbox",
                  "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
                  "-chardev",
                  base::Cat("socket,id=qmp,fd=", kControl, ",server=on,wait=off"),
                  "-mon",
                  "chardev=qmp,mode=control"};
    spawn.no_new_privileges = spawn.no_network = spawn.die_with_us = true;
    if (plan.user) spawn.uid = spawn.gid = *plan.user;
    return spawn;
}

base::Result<rt::Process> Launch(const DiskProcess::Plan& plan) {
    namespace fs = std::filesystem;
    std::error_code bad;
    fs::create_directories(plan.folder, bad);
    if (!bad) fs::permissions(plan.folder, fs::perms::owner_all, bad);
    if (bad) return base::Error{base::Code::kIo, base::Cat("make ", plan.folder, ": ", bad.message())};
    rt::Fd log(open((plan.folder + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!log) return base::FromErrno(errno, "make a log for the disk process");
    TRY(control, ListenAt(plan.folder + "/qmp.sock"));
    rt::SpawnSpec spawn = Describe(plan);
    spawn.fds = {{log.get(), 1}, {log.get(), 2}, {control.get(), kControl}};
    return rt::Spawn(spawn);
}

base::Result<rt::Fd> InMemory(const std::string& text) {
    rt::Fd file(memfd_create("descriptor", MFD_CLOEXEC));
    if (!file) return base::FromErrno(errno, "make a file in memory");
    if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return base::FromErrno(errno, "write a file in memory");
    if (fchmod(file.get(), 0444) != 0) return base::FromErrno(errno, "close a file in memory");
    rt::Fd reader(open(base::Cat("/proc/self/fd/", file.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!reader) return base::FromErrno(errno, "open a file in memory");
    return reader;
}

}  // namespace

// Lives until the process has ended and its leavings are gone.
struct DiskProcess::State {
    explicit State(rt::Process p, std::string f) : process(std::move(p)), folder(std::move(f)) {}
    rt::Process process;
    std::string folder;
    bool ended = false;
    std::string how;                     // it ended, in words
    rt::Signal changed;                  // ended, or a job went on

    static rt::Co<void> Watch(std::shared_ptr<State> self) {
        auto waited = co_await self->process.Wait();
        rt::ExitCode code = waited ? *waited : std::nullopt;
        self->how = "the process that reads and writes disks ended";
        if (code && *code > 128) self->how += base::Cat(", killed by signal ", *code - 128);
        if (std::string words = qemu::LastWords(self->folder + "/log", 0); !words.empty()) self->how += ": " + words;
        self->ended = true;
        std::error_code ignored;
        std::filesystem::remove_all(self->folder, ignored);
        self->changed.Notify();
    }
};

rt::Co<base::Result<std::unique_ptr<DiskProcess>>> DiskProcess::Start(rt::Pool& pool, Plan plan) {
    std::string folder = plan.folder;
    auto launch = [plan = std::move(plan)] { return Launch(plan); };
    auto process = co_await pool.Run(std::move(launch));
    if (!process) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
        co_return std::move(process).error().While("start a process for disks");
    }
    auto state = std::make_shared<State>(*std::move(process), folder);
    co_await rt::Detach(State::Watch(state));
    std::unique_ptr<DiskProcess> made(new DiskProcess(pool, state));
    std::weak_ptr<State> weak = state;
    auto on_event = [weak](const qmp::Event& event) {
        if (auto s = weak.lock(); s && event.name == "JOB_STATUS_CHANGE") s->changed.Notify();
    };
    auto client = co_await qmp::Client::Open(folder + "/qmp.sock", kGreetingTime, on_event);
    if (!client) {
        std::string words = made->LastWords();
        co_return base::Error{client.error().code,
                              base::Cat("start a process for disks: ", words.empty() ? client.error().message : words)};
    }
    made->qemu_ = *std::move(client);
    co_return std::move(made);
}

DiskProcess::~DiskProcess() {
    if (qemu_) qemu_->Close();
    if (!state_->ended) (void)state_->process.Kill(SIGKILL);
}

std::string DiskProcess::LastWords() const { return qemu::LastWords(state_->folder + "/log", 0); }

rt::Co<base::Result<std::int64_t>> DiskProcess::Hand(std::string path, bool writable) {
    auto open = [path, writable] { return OpenMedium(path, !writable); };
    CO_TRY(file, co_await pool_.Run(std::move(open)));
    co_return co_await qmp::AddFd(*qemu_, file.get());
}

rt::Co<base::Result<std::int64_t>> DiskProcess::HandText(std::string text) {
    CO_TRY(file, InMemory(text));
    co_return co_await qmp::AddFd(*qemu_, file.get());
}

rt::Co<base::Result<>> DiskProcess::RunJob(std::string job, JobKind kind, JobWatch watch) {
    constexpr auto kLook = std::chrono::milliseconds(250);       // events tell of changes, not of progress
    bool cancelling = false, ending = kind == JobKind::kPlain;
    auto state = state_;
    for (;;) {
        auto asked = co_await qmp::QueryJob(*qemu_, job);
        if (!asked && qemu_->closed()) {                 // the connection breaks before the end is seen
            constexpr auto kEndTime = std::chrono::seconds(2);
            if (!state->ended) co_await state->changed.WaitFor(kEndTime);
            if (state->ended) co_return base::Error{base::Code::kIo, state->how};
        }
        CO_TRY(now, std::move(asked));
        if (now.status.empty()) co_return base::Error{base::Code::kInternal, "QEMU lost the work on the disk"};
        if (now.status == "concluded") {
            (void)co_await qmp::DismissJob(*qemu_, job);
            if (cancelling) co_return base::Error{base::Code::kCancelled, "the work on the disk was cancelled"};
            if (now.error.empty()) co_return base::Result<>{};
            bool full = now.error.find("No space left") != std::string::npos;
            co_return base::Error{full ? base::Code::kNoSpace : base::Code::kIo, now.error};
        }
        if (watch.percent && now.total > 0)
            watch.percent(static_cast<int>(std::min(now.done, now.total) * 100 / now.total));
        if (!cancelling && watch.cancelled && watch.cancelled()) {
            cancelling = true;
            (void)co_await qmp::CancelJob(*qemu_, job);
            continue;
        }
        if (!ending && !cancelling && now.status == "ready") {
            ending = true;
            if (kind == JobKind::kCommit) CO_CHECK(co_await qmp::CompleteJob(*qemu_, job));
            else CO_CHECK(co_await qmp::LeaveMirror(*qemu_, job));
            continue;
        }
        co_await state->changed.WaitFor(kLook);
    }
}

rt::Co<base::Result<>> DiskProcess::Serve() {
    CO_TRY(listener, ListenAt(state_->folder + "/nbd.sock"));
    co_return co_await qmp::StartNbdServer(*qemu_, listener.get());
}

base::Result<rt::Fd> DiskProcess::Connect() const { return ConnectTo(state_->folder + "/nbd.sock"); }

rt::Co<void> DiskProcess::End() {
    constexpr auto kQuitTime = std::chrono::seconds(10);
    auto state = state_;
    auto end = std::chrono::steady_clock::now() + kQuitTime;
    if (!state->ended && !qemu_->closed()) (void)co_await qmp::Quit(*qemu_);
    while (!state->ended) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (left <= base::Duration::zero()) {
            (void)state->process.Kill(SIGKILL);
            left = kQuitTime;
        }
        co_await state->changed.WaitFor(left);
    }
}

}  // namespace backend::qemu
