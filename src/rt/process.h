// Other programs: run one to its end, start one that lives on without us, and watch one
// that somebody else started.
//
// A child gets exactly the descriptors it is given (0, 1 and 2 are /dev/null when not
// named), default signals and the environment written here. When it cannot be started,
// the caller is told which step failed, not a mere exit code 127.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rt/co.h"
#include "rt/fd.h"

namespace rt {

struct PassedFd {
    int from, as;
};                       // `from` stays open with us
struct Limit {
    int resource;
    rlim_t soft, hard;
};       // RLIMIT_...

struct SpawnSpec {
    std::vector<std::string> argv;                       // argv[0]: absolute, or found by PATH of `env`
    std::vector<std::string> env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"};
    std::string cwd = "/";
    std::vector<PassedFd> fds;
    std::optional<uid_t> uid;                            // with a gid, and no other groups than `groups`
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;
    std::vector<Limit> limits;
    std::string cgroup;                                  // a folder of cgroup2 to enter first; "": ours
    mode_t umask = 0077;
    bool new_session = true;                             // no terminal of ours, signals to us do not reach it
    bool no_new_privileges = false;
    bool no_network = false;                             // a network of its own, with nothing in it; where we may
    bool die_with_us = false;                            // when the thread that started it ends, however
};

// How a process ended: its exit code, or 128 + the signal. Not known when it was not
// our child.
using ExitCode = std::optional<int>;

// A running process, by pidfd: no confusion when its number is used again.
class Process {
public:
    // kNotFound when there is no process of this number.
    static base::Result<Process> Open(pid_t pid);

    pid_t pid() const { return pid_; }
    bool running() const;
    base::Result<> Kill(int signal) const;               // kNotFound when it has ended
    // Resumes when it has ended, and reaps it when it is our child. The object may go meanwhile.
    Co<base::Result<ExitCode>> Wait() const;

private:
    Process(pid_t pid, Fd handle) : pid_(pid), handle_(std::move(handle)) {}
    pid_t pid_;
    Fd handle_;
};

// Starts a program that outlives us. Blocks for as long as exec takes; thread-safe.
// Wait() for it some time, else it stays a zombie until we end.
base::Result<Process> Spawn(const SpawnSpec& spec);

struct RunSpec {
    SpawnSpec program;                                   // its fds 0, 1, 2 are set by RunProgram
    std::string input;                                   // for its stdin
    base::Duration time_limit = std::chrono::seconds(60);
    std::size_t output_limit = 1 << 20;                  // of stdout and of stderr, each
};

struct RunResult {
    int code = 0;                                        // 128 + signal when a signal ended it
    std::string out, err;
};

// Runs a program to its end. kTimeout or kInvalid (too much output) when it had to be
// killed; then its whole process group is gone. An exit code other than 0 is no error here.
Co<base::Result<RunResult>> RunProgram(RunSpec spec);

}  // namespace rt
