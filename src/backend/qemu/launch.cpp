#include "backend/qemu/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>

#include "backend/qemu/cgroup.h"
#include "backend/qemu/pool_groups.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

constexpr const char* kVariablesTemplate = "/usr/share/OVMF/OVMF_VARS_4M.fd";

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

base::Result<rt::Fd> OpenPassed(const PassedFile& file, const RunDir& dir, bool other_user) {
    using Use = PassedFile::Use;
    switch (file.use) {
        case Use::kListen: return ListenAt(base::Cat(dir.path(), '/', file.path));
        case Use::kRead: return OpenMedium(file.path, true, file.direct);
        case Use::kReadWrite: return OpenMedium(file.path, false, file.direct);
        case Use::kAppend: return Open(file.path, O_WRONLY | O_CREAT | O_APPEND);
        default: return OpenForReopen(file.path, other_user);
    }
}

// The first start of a VM with EFI firmware.
base::Result<> MakeVariables(const VmSpec& spec) {
    if (!spec.efi || spec.nvram.empty() || access(spec.nvram.c_str(), F_OK) == 0) return {};
    auto from = Open(kVariablesTemplate, O_RDONLY);
    if (!from) return std::move(from).error().While("EFI firmware (is the package ovmf installed?)");
    struct stat found;
    if (fstat(from->get(), &found) != 0) return base::FromErrno(errno, "look at the EFI variables");
    TRY(to, Open(spec.nvram, O_WRONLY | O_CREAT | O_EXCL));
    auto copied = Copy(from->get(), to.get(), found.st_size);
    if (!copied) unlink(spec.nvram.c_str());
    return copied;
}

// Which disks lie where the page cache can be bypassed (tmpfs and some others cannot).
std::set<int> FindDirect(const VmSpec& spec) {
    std::set<int> out;
    for (const DiskSpec& disk : spec.disks) {
        if (disk.cdrom || disk.path.empty()) continue;
        rt::Fd file(open(disk.path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK));
        if (file) out.insert(disk.key);
    }
    return out;
}

// Everything that is open for QEMU, with the numbers it gets there.
struct Hand {
    std::vector<rt::Fd> fds;
    std::vector<rt::PassedFd> passed;
    void Add(rt::Fd fd, int as) {
        passed.push_back({fd.get(), as});
        fds.push_back(std::move(fd));
    }
};

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
        TRY(fd, OpenPassed(file, plan.dir, plan.user.has_value()));
        hand.Add(std::move(fd), file.as);
    }
    return hand;
}

rt::SpawnSpec Describe(const LaunchPlan& plan, CommandLine line, Hand& hand) {
    rt::SpawnSpec spawn;
    spawn.argv = std::move(line.argv);
    spawn.fds = hand.passed;
    spawn.no_new_privileges = true;
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
    return Launched{std::move(process), record};
}

std::vector<int> DrivesWithMedium(const VmSpec& spec) {
    std::vector<int> out;
    for (const DiskSpec& d : spec.disks)
        if (d.connected && !d.path.empty()) out.push_back(d.key);
    return out;
}

}  // namespace

base::Result<rt::Fd> OpenMedium(const std::string& path, bool read_only, bool direct) {
    TRY(file, Open(path, (read_only ? O_RDONLY : O_RDWR) | (direct ? O_DIRECT : 0)));
    struct stat found;
    if (fstat(file.get(), &found) != 0) return base::FromErrno(errno, base::Cat("look at ", path));
    if (!S_ISREG(found.st_mode)) return base::Error{base::Code::kInvalid, base::Cat(path, " is not a file")};
    return std::move(file);
}

base::Result<Launched> Launch(LaunchPlan plan) {
    plan.engine.direct = FindDirect(plan.spec);
    TRY(line, MakeCommandLine(plan.spec, plan.engine, plan.state));
    CHECK(MakeVariables(plan.spec));
    CHECK(plan.dir.Make());
    RunRecord record{.vm = plan.spec.id,
                     .name = plan.spec.name,
                     .uid = plan.user ? std::int64_t(*plan.user) : -1,
                     .log = plan.spec.log.empty() ? plan.dir.path() + "/log" : plan.spec.log,
                     .drives = DrivesWithMedium(plan.spec)};
    base::Result<Launched> result = base::Error{base::Code::kInternal, ""};
    if (auto groups = MakeCgroups(plan.cgroup_parents, plan.pool_path, plan.spec.id)) {
        record.cgroups = *std::move(groups);
        for (const std::string& group : record.cgroups) ApplyResources(group, plan.spec.resources, plan.core_mhz);
    } else base::LogWarning(plan.spec.id, groups.error().message);
    result = Start(plan, std::move(line), record);
    if (!result) {
        RemoveCgroups(record.cgroups);
        plan.dir.Remove();
    }
    return result;
}

}  // namespace backend::qemu
