#include "backend/qemu/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "rt/fd.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

constexpr std::string_view kMostThreads = "1024";
constexpr std::string_view kControllers[] = {"cpu", "cpuacct", "memory", "pids", "blkio"};

bool MakeGroup(const std::string& path) {
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return false;
    return access((path + "/cgroup.procs").c_str(), W_OK) == 0;
}

// Version 1: "cpu,cpuacct" may be one mount of two controllers; a second name for the
// same folder is dropped.
void AddVersion1(std::vector<std::string>& out, std::string_view mount, std::string_view options,
                 const std::string& owner) {
    for (std::string_view option : base::Split(options, ',')) {
        for (std::string_view controller : kControllers) {
            if (option != controller) continue;
            std::string parent = base::Cat(mount, "/bedplate");
            if (MakeGroup(parent) && MakeGroup(parent += base::Cat('/', owner))) out.push_back(parent);
            return;
        }
    }
}

void AddVersion2(std::vector<std::string>& out, std::string_view mount, const std::string& owner) {
    auto controllers = rt::ReadFile(base::Cat(mount, "/cgroup.controllers"), 4096);
    if (!controllers || controllers->find("pids") == std::string::npos) return;
    std::string parent = base::Cat(mount, "/bedplate");
    for (const std::string& next : {parent, base::Cat(parent, '/', owner)}) {
        if (!MakeGroup(next)) return;
        OfferControllers(next);
        // What is kept for a VM below is bounded by what is kept here.
        if (access((next + "/memory.min").c_str(), F_OK) == 0) (void)WriteGroupValue(next + "/memory.min", "max");
    }
    out.push_back(base::Cat(parent, '/', owner));
}

}  // namespace

base::Result<> WriteGroupValue(const std::string& path, std::string_view value) {
    rt::Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return base::FromErrno(errno, base::Cat("write ", value, " to ", path));
    return {};
}

void OfferControllers(const std::string& group) {
    std::string file = group + "/cgroup.subtree_control";
    if (access(file.c_str(), F_OK) != 0) return;         // version 1
    for (std::string_view controller : {"cpu", "memory", "pids", "io"})
        (void)WriteGroupValue(file, base::Cat('+', controller));
}

std::vector<std::string> FindCgroupParents(const std::string& owner) {
    std::vector<std::string> out;
    auto mounts = rt::ReadFile("/proc/self/mounts", 1 << 20);
    if (!mounts) return out;
    for (std::string_view line : base::Split(*mounts, '\n')) {
        auto fields = base::Split(line, ' ');
        if (fields.size() < 4) continue;
        if (fields[2] == "cgroup2") AddVersion2(out, fields[1], owner);
        if (fields[2] == "cgroup") AddVersion1(out, fields[1], fields[3], owner);
    }
    return out;
}

base::Result<std::vector<std::string>> MakeCgroups(const std::vector<std::string>& parents, const std::string& pool,
                                                   const std::string& vm) {
    std::vector<std::string> made;
    for (const std::string& parent : parents) {
        std::string group = base::Cat(parent, pool.empty() ? "" : "/", pool, "/vm-", vm);
        if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
            auto error = base::FromErrno(errno, base::Cat("make the control group ", group));
            RemoveCgroups(made);
            return error;
        }
        made.push_back(group);
        if (access((group + "/pids.max").c_str(), F_OK) == 0) (void)WriteGroupValue(group + "/pids.max", kMostThreads);
    }
    return made;
}

base::Result<> EnterCgroups(const std::vector<std::string>& groups, pid_t pid) {
    for (const std::string& group : groups) CHECK(WriteGroupValue(group + "/cgroup.procs", base::Cat(pid)));
    return {};
}

void RemoveCgroups(const std::vector<std::string>& groups) {
    for (const std::string& group : groups) rmdir(group.c_str());
}

}  // namespace backend::qemu
