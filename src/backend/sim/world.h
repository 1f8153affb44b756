// The imagined hardware: what stays when hostd dies. A Machine is hostd's hold on it;
// a test destroys the Machine, makes another on the same World, and adopts.
//
// Its guests act by themselves (boot, power off, panic), whether a Machine looks or not.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/hypervisor.h"
#include "backend/sim/script.h"
#include "rt/timer.h"

namespace backend::sim {

class World : public std::enable_shared_from_this<World> {
public:
    // `timer` must outlive everything that waits on it.
    World(rt::Timer& timer, Script script) : script(std::move(script)), timer_(timer) {}

    struct Vm {
        VmSpec spec;
        RunState state = RunState::kRunning;
        std::optional<RunState> held;    // what it was before it was held
        GuestInfo guest;
        base::Duration started{};
        std::vector<std::weak_ptr<rt::ByteStream>> consoles;   // they end with it
        std::map<int, std::vector<DiskRange>> changes;    // of disks that are tracked
        int times_set = 0;           // how often its clock was
        base::Duration lag{};        // by which it is late
        std::map<std::string, std::string> files;         // what its agent would read, by path
        int boots = 0;               // tells one boot's happenings from the next one's
    };

    // What happens to a VM without hostd asking. Nothing when it does not run.
    void Die(const std::string& vm, std::string how);     // as kill -9 of a QEMU
    void PowerOff(const std::string& vm);                 // the guest did it
    void Panic(const std::string& vm);
    void Write(const std::string& vm, int key, DiskRange range);       // the guest did it
    void Bite(const std::string& vm);                     // its watchdog fires, and does what it was told to

    Vm* Find(const std::string& vm);
    Vm& Add(VmSpec spec);
    rt::Co<void> Boot(std::string vm);                    // starts the guest's own coming up
    rt::Co<void> GoDown(std::string vm);                  // the guest took a request to power off
    void Report(Event event) {
        if (listener) listener(event);
    }
    rt::Timer& timer() { return timer_; }
    const std::unordered_map<std::string, Vm>& vms() const { return vms_; }

    Script script;
    std::function<void(const Event&)> listener;           // the Machine that is attached now
    std::vector<PoolSpec> pools;
    std::vector<std::pair<int, std::int64_t>> resized;    // keys of disks and the sizes that guests were told
    std::vector<std::string> unseen;                      // VMs that ended while there was none

private:
    static rt::Co<void> BootSteps(std::shared_ptr<World> world, std::string vm, int boot);
    static rt::Co<void> DownSteps(std::shared_ptr<World> world, std::string vm, int boot);

    rt::Timer& timer_;
    int boots_ = 0;
    std::unordered_map<std::string, Vm> vms_;
};

}  // namespace backend::sim
