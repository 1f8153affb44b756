#include "backend/qemu/tpm.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "rt/process.h"

namespace backend::qemu {
namespace {

constexpr int kControlFd = 3, kStateFd = 4;

// Every start may have another user.
base::Result<rt::Fd> OpenState(const std::string& file, std::optional<uid_t> user) {
    rt::Fd state(open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!state) return base::FromErrno(errno, base::Cat("open ", file));
    struct stat found;
    if (fstat(state.get(), &found) != 0 || !S_ISREG(found.st_mode))
        return base::Error{base::Code::kInvalid, base::Cat(file, " is not a file")};
    if (user && fchown(state.get(), *user, *user) != 0) return base::FromErrno(errno, "give the TPM its state");
    return state;
}

}  // namespace

// It opens its file through /proc/self/fd: the folders above are no concern of its user.
base::Result<rt::Fd> StartTpm(const std::string& file, std::optional<uid_t> user, pid_t& process) {
    TRY(state, OpenState(file, user));
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return base::FromErrno(errno, "make a socket");
    rt::Fd theirs(ends[0]), ours(ends[1]);
    rt::SpawnSpec spawn;
    spawn.argv = {"swtpm",
                  "socket",
                  "--tpm2",
                  "--ctrl",
                  base::Cat("type=unixio,clientfd=", kControlFd),
                  "--tpmstate",
                  base::Cat("backend-uri=file:///proc/self/fd/", kStateFd, ",mode=0600"),
                  "--terminate",
                  "--seccomp",
                  "action=kill"};
    spawn.fds = {{theirs.get(), kControlFd}, {state.get(), kStateFd}};
    spawn.no_new_privileges = true;
    if (user) spawn.uid = spawn.gid = *user;
    auto started = rt::Spawn(spawn);
    if (!started) return std::move(started).error().While("start the TPM (is the package swtpm installed?)");
    process = started->pid();
    return ours;
}

void EndTpm(const RunRecord& record) {
    if (record.tpm > 0 && StartTimeOf(record.tpm) == record.tpm_start_time) kill(record.tpm, SIGTERM);
}

}  // namespace backend::qemu
