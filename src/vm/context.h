// What every operation on VMs works with: the parts that app/ built, and the table of
// this host's VMs beside the inventory.
#pragma once

#include <set>
#include <unordered_map>

#include "backend/hypervisor.h"
#include "event/events.h"
#include "rt/pool.h"
#include "rt/timer.h"
#include "task/tasks.h"
#include "vm/change.h"
#include "vm/node.h"
#include "vm/registry.h"

namespace backend {
class DiskServer;
}

namespace vm {

struct Options {
    std::string registry;                // file: which VMs there are
    std::string scratch;                 // folder for small things that a reboot may lose
    Limits limits;
    HostSize host;
};

// What the inventory does not show of a VM.
struct Record {
    vim::Ref ref;
    DatastorePath vmx;
    std::string file;                    // absolute path of the .vmx; "" : an imagined VM
    bool ended_meanwhile = false;        // it ran when hostd ended, and did not when it started again
    std::string paused_why;              // it was found standing still when hostd started: as the backend says
    bool leaving = false;                // a task of ours ends it, and tells so itself
    backend::Usage usage;                // as last read, and when
    base::Duration usage_at{};
};

class Pools;

class Context {
public:
    struct Parts {
        inventory::Inventory& inventory;
        task::Tasks& tasks;
        event::Events& events;
        backend::Hypervisor& hypervisor;
        rt::Pool& pool;
        rt::Timer& timer;
        const Volumes& volumes;
        backend::DiskServer* disks = nullptr;            // for what needs one; null in tests that do not
    };
    Context(Parts parts, Options options);

    inventory::Inventory& inventory;
    task::Tasks& tasks;
    event::Events& events;
    backend::Hypervisor& hypervisor;
    rt::Pool& pool;
    rt::Timer& timer;
    const Volumes& volumes;
    backend::DiskServer* const disks;
    const Options options;
    Registry registry;
    std::unordered_map<std::string, Record> records;     // by managed object id
    std::function<void(const vim::Ref&)> on_gone;        // a VM left the inventory
    Pools* pools = nullptr;                              // set before anything runs
    std::set<std::string> reserved;                      // .vmx paths and names that tasks are about to take

    // Starts work that nobody waits for. Set by app/; empty in tests that need none of it.
    std::function<void(rt::Co<void>)> spawn;
    // Makes disks of other makes ours, in their folders; false: they were. Set by app/, may be empty.
    std::function<rt::Co<vim::Result<bool>>(std::vector<DatastorePath> disks, task::Progress& progress)> make_ours;

    Record* Find(const vim::Ref& vm);
    // As the inventory has it now; null when there is none.
    std::shared_ptr<const Vm> Get(const vim::Ref& vm) const;
    Home HomeOf(const Record& record) const { return {record.vmx, record.file, volumes.Now()}; }
    // ManagedObjectNotFound, or InvalidState for one whose files cannot be read.
    vim::Result<std::shared_ptr<const Vm>> Usable(const vim::Ref& vm) const;
    vim::Result<> RequireState(const Vm& vm, PowerState needed, PowerState requested) const;
    // The VM in the folder of VMs that has this name; none: an empty reference.
    vim::Ref ByName(const std::string& name, const vim::Ref& except) const;
    bool MacTaken(std::string_view mac, const vim::Ref& except) const;
    Situation SituationOf(const Vm& vm, const Record& record) const;

    // Changes a VM in one edit and derives its summary.
    template <class Fn> void Change(const vim::Ref& vm, const Fn& fn) {
        auto edit = inventory.Begin();
        edit.Change<Vm>(vm, [&](Vm& v) {
            fn(v);
            DeriveSummary(v);
        });
        edit.Commit();
    }
    // Reads the folder again and publishes what it says.
    rt::Co<base::Result<>> Refresh(vim::Ref vm);
    void Publish(const vim::Ref& vm, const Loaded& loaded);

    template <class E> void Post(E event, const vim::Ref& vm, const std::string& user, int chain = 0) {
        Address(event, vm);
        events.Post(vim::Ptr<vim::Event>(std::move(event)), user, chain);
    }
    void Address(vim::Event& event, const vim::Ref& vm) const;

    // What its disks in mode nonpersistent hold is forgotten. Only of one that does not run.
    rt::Co<void> DropScratch(vim::Ref vm);

    // A line of the VM's vmware.log and of the host's.
    rt::Co<void> Note(vim::Ref vm, std::string words);

    rt::Co<vim::Result<vim::Ref>> StartTask(const vim::Method& method, vim::Ref entity, std::string user,
                                            task::Work work, std::string state = "{}", bool exclusive = true);
};

// A failure below as the fault that clients know, naming the file.
vim::Fault FileFault(base::Error error, const DatastorePath& path);
// The same of a backend that could not do something to a VM.
vim::Fault BackendFault(base::Error error);
// A task that a host agent left when it ended, and that could not be finished; the words say what is so now.
vim::Fault Interrupted(std::string words);

vim::Ptr<vim::LocalizedMethodFault> AsData(const vim::Fault& fault);

}  // namespace vm
