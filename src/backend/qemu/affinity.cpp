#include "backend/qemu/affinity.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "backend/qemu/machine.h"
#include "base/text.h"

namespace backend::qemu {

base::Result<> SetAffinity(pid_t pid, const std::vector<int>& processors) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int p : processors)
        if (p >= 0 && p < CPU_SETSIZE) CPU_SET(p, &set);
    for (long p = 0; processors.empty() && p < std::min<long>(CPU_SETSIZE, sysconf(_SC_NPROCESSORS_CONF)); ++p)
        CPU_SET(p, &set);
    // A thread that is started while we look has its starter's processors: a second look
    // finds it.
    for (int look = 0; look < 2; ++look) {
        std::error_code bad;
        for (const auto& task : std::filesystem::directory_iterator(base::Cat("/proc/", pid, "/task"), bad)) {
            auto thread = base::ToInt(task.path().filename().string());
            bool set_it = thread && sched_setaffinity(static_cast<pid_t>(*thread), sizeof set, &set) == 0;
            if (!set_it && errno != ESRCH) return base::FromErrno(errno, "bind a virtual machine to processors");
        }
        if (bad) return base::Error{base::Code::kNotFound, base::Cat("process ", pid, ": ", bad.message())};
    }
    return {};
}

rt::Co<base::Result<>> Machine::SetAffinity(std::string id, std::vector<int> processors) {
    CO_TRY(vm, Find(id));
    co_return qemu::SetAffinity(vm->record().pid, processors);
}

}  // namespace backend::qemu
