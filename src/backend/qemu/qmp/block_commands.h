// The commands about block nodes, jobs and exports, typed; one function each.
#pragma once

#include <string>
#include <vector>

#include "backend/qemu/qmp/client.h"

namespace backend::qemu::qmp {

// A file handed over as `set`, as a node: `driver` is raw, qcow2 or vmdk; `backing` names the
// node behind it, "" : none, whatever its header says.
struct FileNode {
    std::string node, driver, backing;
    std::int64_t set = 0;
    bool read_only = true;
    bool locking = true;
};
rt::Co<base::Result<>> AddFileNode(Client& qemu, FileNode node);

// A listening socket of ours, from which QEMU takes NBD connections.
rt::Co<base::Result<>> StartNbdServer(Client& qemu, int listener);
rt::Co<base::Result<>> StopNbdServer(Client& qemu);
struct NbdExport {
    std::string id, node, name;
    bool writable = false;
    std::vector<std::string> bitmaps;    // of that node
};
rt::Co<base::Result<>> AddNbdExport(Client& qemu, NbdExport what);
rt::Co<base::Result<>> RemoveNbdExport(Client& qemu, std::string id);

// Jobs conclude by themselves and stay until they are dismissed.
rt::Co<base::Result<>> StartCommit(Client& qemu, std::string job, std::string top, std::string base);
rt::Co<base::Result<>> StartFullMirror(Client& qemu, std::string job, std::string from, std::string to);
// Of a guest that runs: its writes go to both from the start. `top_only` leaves out what
// lies in the layers below.
rt::Co<base::Result<>> StartLiveMirror(Client& qemu, std::string job, std::string from, std::string to, bool top_only);
rt::Co<base::Result<>> StartMakeQcow2(Client& qemu, std::string job, std::string file_node, std::int64_t size);
rt::Co<base::Result<>> AddPlainNode(Client& qemu, std::string node, std::int64_t set);   // the file itself
rt::Co<base::Result<>> CompleteJob(Client& qemu, std::string job);
rt::Co<base::Result<>> LeaveMirror(Client& qemu, std::string job);   // a ready one: what is there is kept
rt::Co<base::Result<>> CancelJob(Client& qemu, std::string job);
rt::Co<base::Result<>> DismissJob(Client& qemu, std::string job);

struct JobState {
    std::string status;                  // running, ready, concluded, ...; "" : there is no such job
    std::string error;
    std::int64_t done = 0, total = 0;
};
rt::Co<base::Result<JobState>> QueryJob(Client& qemu, std::string job);
base::Result<JobState> ParseJobs(std::string_view reply, std::string_view job);

}  // namespace backend::qemu::qmp
