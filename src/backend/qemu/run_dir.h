// The run directory of one VM: its sockets, and what a new hostd must know to find its
// QEMU again. RUN/vm-<id>/ is there exactly while the VM runs.
//
//   vm.json     who it is, which process, where its log begins
//   mark        QEMU holds this open: by it a process is known to be this VM's
//   qmp.sock    agent.sock    serial.sock
//   suspending  there while a suspend is under way: the path of the state
//   held        there while its processors stand still for us: whether they ran before
//   frozen      there while its file systems may stand still for us
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "rt/fd.h"

namespace backend::qemu {

struct RunRecord {
    std::string vm, name;
    pid_t pid = 0;                       // 0: it was about to be started
    std::int64_t start_time = 0;         // of the process, in ticks since boot: numbers are used again
    std::int64_t powered_on = 0;         // VmSpec::started, in microseconds since 1970
    std::int64_t uid = -1;               // user of its own; -1: ours
    std::string log;
    std::int64_t log_start = 0;          // where this run's words begin
    std::vector<std::string> cgroups;
    std::vector<int> drives;             // keys of drives with a medium
    pid_t tpm = 0;                       // its TPM, which ends with it; 0: none
    std::int64_t tpm_start_time = 0;
    std::vector<int> down;               // and of adapters without a link
    std::map<int, int> hops;             // by key of a disk: which set of nodes its last mirror made
    bool operator==(const RunRecord&) const = default;
};

std::string ToText(const RunRecord& record);
base::Result<RunRecord> ParseRecord(std::string_view text);

class RunDir {
public:
    RunDir(std::string root, std::string vm) : path_(std::move(root) + "/vm-" + std::move(vm)) {}

    const std::string& path() const { return path_; }
    std::string monitor() const { return path_ + "/qmp.sock"; }
    std::string agent() const { return path_ + "/agent.sock"; }
    std::string serial() const { return path_ + "/serial.sock"; }
    std::string mark() const { return path_ + "/mark"; }

    base::Result<> Make() const;                        // empty; kExists when one is there
    base::Result<> Write(const RunRecord& record) const;
    base::Result<RunRecord> Read() const;
    void Remove() const;

    base::Result<> NoteSuspend(const std::string& state) const;
    std::string SuspendNote() const;                    // "" : none
    void RemoveSuspendNote() const;

    enum class Mark { kHeld, kFrozen };
    base::Result<> SetMark(Mark mark, const std::string& words) const;
    std::optional<std::string> MarkWords(Mark mark) const;       // nullopt: it is not set
    void RemoveMark(Mark mark) const;

    // The process that holds our mark, as `record` has it or by looking at all; 0: none.
    pid_t FindProcess(const RunRecord& record) const;

private:
    std::string path_;
};

// Ids of the VMs that have a run directory.
std::vector<std::string> ListRunDirs(const std::string& root);
bool IsVmId(std::string_view id);                       // may name a file

std::optional<std::int64_t> StartTimeOf(pid_t pid);
base::Result<rt::Fd> ListenAt(const std::string& path); // a socket to hand over
base::Result<rt::Fd> ConnectTo(const std::string& path);

// The last words of a log, from `start` on, for a person.
std::string LastWords(const std::string& log, std::int64_t start);

}  // namespace backend::qemu
