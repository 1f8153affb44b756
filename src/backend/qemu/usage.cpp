// Machine: what a VM uses.
#include "backend/qemu/machine.h"
#include "backend/qemu/process_usage.h"

namespace backend::qemu {
namespace {

struct Read {
    Usage usage;
    VcpuThreads threads;
};

}  // namespace

// The processors and the memory are the kernel's to tell, the disks QEMU's: one command. QEMU
// does not count what goes through user-mode networking; a guest with an agent does.
rt::Co<base::Result<Usage>> Machine::ReadUsage(std::string vm) {
    CO_TRY(running, Find(vm));
    auto read = [pid = running->record().pid, threads = running->vcpu_threads()]() mutable -> base::Result<Read> {
        TRY(usage, ReadProcessUsage(pid, threads));
        return Read{std::move(usage), std::move(threads)};
    };
    CO_TRY(both, co_await pool_.Run(std::move(read)));
    running->SetVcpuThreads(std::move(both.threads));
    Usage usage = std::move(both.usage);
    usage.nics = running->nic_counts();
    auto qemu = running->monitor();
    if (!qemu) co_return usage;
    auto drives = co_await qmp::QueryBlockStats(**qemu);
    if (!drives) co_return usage;
    for (const qmp::DriveStats& d : *drives)
        usage.disks.push_back(
            {d.key, d.reads, d.writes, d.read_bytes, d.write_bytes, d.read_ns / 1000, d.write_ns / 1000});
    co_return usage;
}

}  // namespace backend::qemu
