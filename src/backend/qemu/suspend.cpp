// Machine: memory and device state into a file.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "backend/qemu/machine.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

constexpr auto kLongest = std::chrono::hours(2);
constexpr auto kLook = std::chrono::milliseconds(250);

bool Over(const std::string& status) { return status == "completed" || status == "failed" || status == "cancelled"; }

// The data and the name, on the disk.
base::Result<> SyncAs(int file, const std::string& part, const std::string& path) {
    if (fsync(file) != 0) return base::FromErrno(errno, base::Cat("write ", part, " to the disk"));
    if (rename(part.c_str(), path.c_str()) != 0) return base::FromErrno(errno, base::Cat("name the state file ", path));
    return rt::SyncDir(std::filesystem::path(path).parent_path());
}

}  // namespace

// A MIGRATION event says when it is over; its progress has to be asked for.
rt::Co<base::Result<>> Machine::WriteState(Vm vm, qmp::Client& qemu, std::string part, Progress progress) {
    auto end = std::chrono::steady_clock::now() + kLongest;
    for (;;) {
        auto over = [&vm] { return Over(vm->migration_status()); };
        bool done = co_await vm->WaitFor(over, kLook);
        if (vm->ended()) co_return base::Error{base::Code::kIo, "QEMU ended: " + vm->LastWords()};
        CO_TRY(migration, co_await qmp::QueryMigration(qemu));
        if (migration.status == "completed") co_return base::Result<>{};
        if (Over(migration.status)) {
            bool full = migration.error.find("No space left") != std::string::npos;
            co_return base::Error{full ? base::Code::kNoSpace : base::Code::kIo,
                                  base::Cat("write ", part, ": ", migration.error)};
        }
        if (done || std::chrono::steady_clock::now() > end)
            co_return base::Error{base::Code::kTimeout, base::Cat("write ", part, ": it takes longer than two hours")};
        if (progress && migration.total > 0)
            progress(static_cast<int>(95 * (migration.total - std::min(migration.remaining, migration.total)) /
                                      migration.total));
    }
}

rt::Co<base::Result<>> Machine::SaveAndEnd(Vm vm, qmp::Client& qemu, std::string state, Progress progress) {
    std::string part = state + ".part";
    int file = open(part.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    rt::Fd owner(file);
    if (!owner) co_return base::FromErrno(errno, base::Cat("make ", part));
    CO_CHECK(vm->dir().NoteSuspend(state));
    CO_TRY(set, co_await qmp::AddFd(qemu, file));
    auto written = co_await qmp::MigrateToSet(qemu, set);
    if (written) written = co_await WriteState(vm, qemu, part, progress);
    if (!written) {
        (void)co_await qmp::MigrateCancel(qemu);
        (void)co_await qmp::RemoveFd(qemu, set);
        co_return written;
    }
    auto sync = [file, part, state] { return SyncAs(file, part, state); };
    CO_CHECK(co_await pool_.Run(sync));
    if (progress) progress(100);
    vm->dir().RemoveSuspendNote();       // from here on it is suspended, whatever happens
    co_await vm->End();
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Suspend(std::string id, std::string state, Progress progress) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    bool ran = vm->state() == RunState::kRunning;
    vm->SetQuiet(true);
    base::Result<> result = co_await qmp::Stop(*qemu);
    if (result) result = co_await SaveAndEnd(vm, *qemu, state, progress);
    if (result) co_return result;
    unlink((state + ".part").c_str());
    unlink(state.c_str());
    vm->dir().RemoveSuspendNote();
    if (ran && !vm->ended()) {
        auto again = co_await qmp::Cont(*qemu);
        if (!again) base::LogError(id, "it stays paused after a failed suspend: " + again.error().message);
    }
    vm->SetQuiet(false);
    co_return std::move(result).error().While(base::Cat("suspend virtual machine \"", vm->record().name, '"'));
}

}  // namespace backend::qemu
