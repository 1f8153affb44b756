// The way from fork to exec. After fork only async-signal-safe calls are allowed, since
// another thread may have held any lock: everything is laid out beforehand.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "rt/process.h"

namespace rt {

namespace {

enum Step { kFds, kSession, kCgroup, kLimits, kFolder, kUser, kExec };

struct Failure {
    int step, number;
};

// All that the child needs, as plain memory.
struct Plan {
    const SpawnSpec& spec;
    std::vector<char*> argv, envp;
    std::string program;                 // argv[0] after the search along PATH
    std::vector<PassedFd> fds;           // sorted out so that no target overwrites a source
    std::string cgroup_file;
    int first_free = 3;                  // above all targets
    int report;
    pid_t parent = getpid();
};

}  // namespace

static std::vector<char*> Pointers(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
    out.push_back(nullptr);
    return out;
}

static std::string FindProgram(const SpawnSpec& spec) {
    const std::string& name = spec.argv[0];
    if (name.find('/') != std::string::npos) return name;
    for (std::string_view variable : spec.env) {
        if (!variable.starts_with("PATH=")) continue;
        for (std::string_view folder : base::Split(variable.substr(5), ':')) {
            std::string path = base::Cat(folder, '/', name);
            if (access(path.c_str(), X_OK) == 0) return path;
        }
    }
    return name;   // exec says ENOENT
}

[[noreturn]] static void GiveUp(const Plan& plan, Step step) {
    Failure failure{step, errno};
    (void)!write(plan.report, &failure, sizeof failure);
    _exit(127);
}

static void ResetSignals() {
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

static bool EnterCgroup(const Plan& plan) {
    if (plan.cgroup_file.empty()) return true;
    int file = open(plan.cgroup_file.c_str(), O_WRONLY | O_CLOEXEC);
    return file >= 0 && write(file, "0", 1) == 1;
}

static bool PlaceFds(Plan& plan) {
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) != 0) return false;
    for (PassedFd& fd : plan.fds)
        if ((fd.from = fcntl(fd.from, F_DUPFD_CLOEXEC, plan.first_free)) < 0) return false;
    for (int standard = 0; standard < 3; ++standard) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || (null != standard && dup2(null, standard) < 0)) return false;
        if (null == standard) fcntl(null, F_SETFD, 0);
    }
    for (const PassedFd& fd : plan.fds)
        if (dup2(fd.from, fd.as) < 0) return false;
    return true;
}

static bool BecomeUser(const SpawnSpec& spec) {
    if (spec.gid) {
        if (setgroups(spec.groups.size(), spec.groups.data()) != 0) return false;
        if (setresgid(*spec.gid, *spec.gid, *spec.gid) != 0) return false;
    }
    if (spec.uid && setresuid(*spec.uid, *spec.uid, *spec.uid) != 0) return false;
    return !spec.no_new_privileges || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// After the change of user, which makes the kernel forget the wish. Whoever started us may
// have ended before it was heard.
static bool DieWith(pid_t parent) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent; }

[[noreturn]] static void RunChild(Plan& plan) {
    const SpawnSpec& spec = plan.spec;
    plan.report = fcntl(plan.report, F_DUPFD_CLOEXEC, plan.first_free);
    ResetSignals();
    if (spec.new_session && setsid() < 0) GiveUp(plan, kSession);
    if (!EnterCgroup(plan)) GiveUp(plan, kCgroup);
    if (!PlaceFds(plan)) GiveUp(plan, kFds);
    for (const Limit& limit : spec.limits) {
        rlimit values{limit.soft, limit.hard};
        if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &values) != 0) GiveUp(plan, kLimits);
    }
    umask(spec.umask);
    if (spec.no_network) (void)unshare(CLONE_NEWNET);  // refused in some containers; the user is the wall then
    if (!BecomeUser(spec)) GiveUp(plan, kUser);
    if (spec.die_with_us && !DieWith(plan.parent)) _exit(127);
    if (chdir(spec.cwd.c_str()) != 0) GiveUp(plan, kFolder);  // as the user it will be
    execve(plan.program.c_str(), plan.argv.data(), plan.envp.data());
    GiveUp(plan, kExec);
}

static base::Error Explain(const Plan& plan, const Failure& failure) {
    const SpawnSpec& spec = plan.spec;
    std::string doing;
    switch (failure.step) {
        case kFds: doing = "pass it its files"; break;
        case kSession: doing = "make a session"; break;
        case kCgroup: doing = "enter " + spec.cgroup; break;
        case kLimits: doing = "set its limits"; break;
        case kFolder: doing = "go to folder " + spec.cwd; break;
        case kUser: doing = base::Cat("become user ", spec.uid.value_or(0)); break;
        default: doing = "execute " + plan.program;
    }
    return base::FromErrno(failure.number, doing).While("start " + spec.argv[0]);
}

static base::Result<pid_t> Fork(Plan& plan) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return base::FromErrno(errno, "start " + plan.spec.argv[0] + ": make a pipe");
    Fd from_child(ends[0]), to_parent(ends[1]);
    plan.report = to_parent.get();

    sigset_t all, before;  // a handler of ours must not run in the child
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0) RunChild(plan);
    int number = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return base::FromErrno(number, "start " + plan.spec.argv[0] + ": fork");

    to_parent.Close();
    Failure failure;
    ssize_t got;
    do got = read(from_child.get(), &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    if (got != sizeof failure) return pid;  // the pipe closed itself at exec
    waitpid(pid, nullptr, 0);
    return Explain(plan, failure);
}

base::Result<Process> Spawn(const SpawnSpec& spec) {
    if (spec.argv.empty()) return base::Error(base::Code::kInvalid, "start a program: no program named");
    Plan plan{spec, Pointers(spec.argv), Pointers(spec.env), FindProgram(spec), spec.fds, {}, 3, -1};
    if (!spec.cgroup.empty()) plan.cgroup_file = spec.cgroup + "/cgroup.procs";
    for (const PassedFd& fd : spec.fds) plan.first_free = std::max(plan.first_free, fd.as + 1);
    TRY(pid, Fork(plan));
    return Process::Open(pid);
}

}  // namespace rt
