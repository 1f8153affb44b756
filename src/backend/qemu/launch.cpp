#include "backend/qemu/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>

#include "backend/qemu/affinity.h"
#include "backend/qemu/cgroup.h"
#include "backend/qemu/pool_groups.h"
#include "backend/qemu/sockets.h"
#include "backend/qemu/tpm.h"
#include "backend/qemu/variables.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

base::Result<rt::Fd> Open(const std::string& path, int flags, mode_t mode = 0600) {
    rt::Fd file(open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode));
    if (!file) return base::FromErrno(errno, base::Cat("open ", path));
    return file;
}

base::Result<> Copy(int from, int to, std::int64_t bytes) {
    while (bytes > 0) {
        ssize_t done = sendfile(to, from, nullptr, static_cast<std::size_t>(bytes));
        if (done <= 0) return base::FromErrno(errno, "copy a file");
        bytes -= done;
    }
    return {};
}

// QEMU opens kernels by name. Through /proc/self/fd no folder above is asked, but the file
// itself must be readable for QEMU's user: else a copy in memory goes in its place.
base::Result<rt::Fd> OpenForReopen(const std::string& path, bool other_user) {
    TRY(file, Open(path, O_RDONLY));
    struct stat found;
    if (fstat(file.get(), &found) != 0) return base::FromErrno(errno, base::Cat("look at ", path));
    if (!other_user || (found.st_mode & S_IROTH)) return std::move(file);
    rt::Fd copy(memfd_create("kernel", MFD_CLOEXEC));
    if (!copy) return base::FromErrno(errno, "make a file in memory");
    CHECK(Copy(file.get(), copy.get(), found.st_size));
    return copy;
}

// Everything that is open for QEMU, with the numbers it gets there.
struct Hand {
    std::vector<rt::Fd> fds;
    std::vector<rt::PassedFd> passed;
    pid_t tpm = 0;
    void Add(rt::Fd fd, int as) {
        passed.push_back({fd.get(), as});
        fds.push_back(std::move(fd));
    }
};

base::Result<rt::Fd> OpenPassed(const LaunchPlan& plan, const PassedFile& file, Hand& hand) {
    using Use = PassedFile::Use;
    bool other_user = plan.user.has_value();
    switch (file.use) {
        case Use::kListen: return ListenAtPort(file.path);
        case Use::kPipeServer: return ListenAtPipe(PipeFolder(plan.dir), file.path);
        case Use::kPipeClient: return ConnectToPipe(PipeFolder(plan.dir), file.path);
        case Use::kTpm: return StartTpm(file.path, plan.user, hand.tpm);
        case Use::kListenHere: return ListenAt(base::Cat(plan.dir.path(), '/', file.path));
        case Use::kRead: return OpenMedium(file.path, true, file.direct);
        case Use::kReadWrite: return OpenMedium(file.path, false, file.direct);
        case Use::kAppend: return Open(file.path, O_WRONLY | O_CREAT | O_APPEND);
        default: return OpenForReopen(file.path, other_user);
    }
}

base::Result<Hand> Gather(const LaunchPlan& plan, const CommandLine& line, RunRecord& record) {
    Hand hand;
    TRY(log, Open(record.log, O_WRONLY | O_CREAT | O_APPEND));
    record.log_start = lseek(log.get(), 0, SEEK_END);
    hand.passed.push_back({log.get(), 1});
    hand.Add(std::move(log), 2);
    TRY(mark, Open(plan.dir.mark(), O_RDONLY));
    hand.Add(std::move(mark), kMarkFd);
    TRY(monitor, ListenAt(plan.dir.monitor()));
    hand.Add(std::move(monitor), kMonitorFd);
    TRY(agent, ListenAt(plan.dir.agent()));
    hand.Add(std::move(agent), kAgentFd);
    for (const PassedFile& file : line.files) {
        TRY(fd, OpenPassed(plan, file, hand));
        if (hand.tpm && !record.tpm) {
            record.tpm = hand.tpm;
            record.tpm_start_time = StartTimeOf(hand.tpm).value_or(0);
        }
        hand.Add(std::move(fd), file.as);
    }
    return hand;
}

rt::SpawnSpec Describe(const LaunchPlan& plan, CommandLine line, Hand& hand) {
    rt::SpawnSpec spawn;
    spawn.argv = std::move(line.argv);
    spawn.fds = hand.passed;
    spawn.no_new_privileges = true;
    if (plan.spec.hardware.lock_memory) spawn.limits.push_back({RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY});
    if (!plan.user) return spawn;
    spawn.uid = spawn.gid = *plan.user;
    struct stat kvm;
    if (plan.engine.accelerator == "kvm" && stat("/dev/kvm", &kvm) == 0) spawn.groups.push_back(kvm.st_gid);
    return spawn;
}

// The record is written before the process is there, so that one that is started just
// before hostd dies is found by its mark.
base::Result<Launched> Start(const LaunchPlan& plan, CommandLine line, RunRecord& record) {
    TRY(hand, Gather(plan, line, record));
    CHECK(plan.dir.Write(record));
    rt::SpawnSpec spawn = Describe(plan, std::move(line), hand);
    TRY(process, rt::Spawn(spawn));
    record.pid = process.pid();
    record.start_time = StartTimeOf(record.pid).value_or(0);
    auto entered = EnterCgroups(record.cgroups, record.pid);
    if (entered) entered = plan.dir.Write(record);
    if (!entered) {
        (void)process.Kill(SIGKILL);
        waitpid(record.pid, nullptr, 0);
        return std::move(entered).error();
    }
    if (!plan.spec.hardware.affinity.empty()) {
        auto bound = SetAffinity(record.pid, plan.spec.hardware.affinity);
        if (!bound) base::LogWarning(plan.spec.id, bound.error().message);
    }
    return Launched{std::move(process), record};
}

std::vector<int> DrivesWithMedium(const VmSpec& spec) {
    std::vector<int> out;
    for (const DiskSpec& d : spec.disks)
        if (d.connected && !d.path.empty()) out.push_back(d.key);
    return out;
}

std::vector<int> AdaptersDown(const VmSpec& spec) {
    std::vector<int> out;
    for (const NicSpec& n : spec.nics)
        if (!n.connected) out.push_back(n.key);
    return out;
}

}  // namespace

// tmpfs and some others cannot.
std::set<int> FindDirect(const std::vector<DiskSpec>& disks) {
    std::set<int> out;
    for (const DiskSpec& disk : disks) {
        if (disk.cdrom || disk.path.empty()) continue;
        rt::Fd file(open(disk.path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK));
        if (file) out.insert(disk.key);
    }
    return out;
}

base::Result<rt::Fd> OpenMedium(const std::string& path, bool read_only, bool direct) {
    TRY(file, Open(path, (read_only ? O_RDONLY : O_RDWR) | (direct ? O_DIRECT : 0)));
    struct stat found;
    if (fstat(file.get(), &found) != 0) return base::FromErrno(errno, base::Cat("look at ", path));
    if (!S_ISREG(found.st_mode)) return base::Error{base::Code::kInvalid, base::Cat(path, " is not a file")};
    return std::move(file);
}

// What we may give a child: the limit that nobody but root, and not everywhere, can lift.
bool MayLock() {
    rlimit memory{};
    if (getrlimit(RLIMIT_MEMLOCK, &memory) != 0) return false;
    memory.rlim_max = RLIM_INFINITY;
    return setrlimit(RLIMIT_MEMLOCK, &memory) == 0;
}

base::Result<Launched> Launch(LaunchPlan plan) {
    plan.engine.direct = FindDirect(plan.spec.disks);
    if (plan.spec.hardware.lock_memory && !MayLock()) {
        base::LogWarning(plan.spec.id, "its memory is not locked: this host may not lift RLIMIT_MEMLOCK");
        plan.spec.hardware.lock_memory = false;
    }
    TRY(line, MakeCommandLine(plan.spec, plan.engine, plan.state));
    CHECK(PrepareVariables(plan.spec));
    CHECK(plan.dir.Make());
    RunRecord record{.vm = plan.spec.id,
                     .name = plan.spec.name,
                     .powered_on = plan.spec.started.time_since_epoch().count(),
                     .uid = plan.user ? std::int64_t(*plan.user) : -1,
                     .log = plan.spec.log.empty() ? plan.dir.path() + "/log" : plan.spec.log,
                     .drives = DrivesWithMedium(plan.spec),
                     .down = AdaptersDown(plan.spec)};
    base::Result<Launched> result = base::Error{base::Code::kInternal, ""};
    if (auto groups = MakeCgroups(plan.cgroup_parents, plan.pool_path, plan.spec.id)) {
        record.cgroups = *std::move(groups);
        for (const std::string& group : record.cgroups) ApplyResources(group, plan.spec.resources, plan.core_mhz);
    } else base::LogWarning(plan.spec.id, groups.error().message);
    result = Start(plan, std::move(line), record);
    if (!result) {
        EndTpm(record);
        if (record.tpm) waitpid(record.tpm, nullptr, 0);
        RemoveCgroups(record.cgroups);
        plan.dir.Remove();
    }
    return result;
}

}  // namespace backend::qemu
