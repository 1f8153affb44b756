// A QEMU without a machine: it runs no guest, and does to disk images what it is told.
//
// It owns nothing: a user of its own, no network, no new privileges, no other programs, and
// files only as descriptors. It ends with this object, and with hostd. (It is the full QEMU
// and not qemu-storage-daemon, which takes no descriptors by QMP and has no sandbox.)
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/disk_server.h"
#include "backend/qemu/qmp/block_commands.h"
#include "rt/pool.h"

namespace backend::qemu {

class DiskProcess {
public:
    struct Plan {
        std::string program, folder;             // `folder` is made, and goes with it
        std::optional<uid_t> user;
    };
    static rt::Co<base::Result<std::unique_ptr<DiskProcess>>> Start(rt::Pool& pool, Plan plan);
    DiskProcess(const DiskProcess&) = delete;
    ~DiskProcess();

    qmp::Client& qemu() { return *qemu_; }
    rt::Pool& pool() { return pool_; }
    std::string LastWords() const;

    // Opened here, known there by the number of its set.
    rt::Co<base::Result<std::int64_t>> Hand(std::string path, bool writable);
    rt::Co<base::Result<std::int64_t>> HandText(std::string text);

    // To its end; a commit is completed, a mirror left when it is ready.
    enum class JobKind { kPlain, kCommit, kMirror };
    rt::Co<base::Result<>> RunJob(std::string job, JobKind kind, JobWatch watch);

    rt::Co<base::Result<>> Serve();                      // NBD, from now on
    base::Result<rt::Fd> Connect() const;                // to it; blocks only for as long as connect() does
    rt::Co<void> End();

private:
    struct State;
    DiskProcess(rt::Pool& pool, std::shared_ptr<State> state) : pool_(pool), state_(std::move(state)) {}
    rt::Pool& pool_;
    std::shared_ptr<State> state_;
    std::unique_ptr<qmp::Client> qemu_;
};

}  // namespace backend::qemu
