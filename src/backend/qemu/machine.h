// The hypervisor with real guests: one QEMU for each VM.
//
// What it knows of a VM it can find out again: RUN/vm-<id>/ and QEMU itself say all.
// Processes do not end with us. The folder `run` belongs to one hostd at a time.
#pragma once

#include <map>
#include <set>

#include "backend/hypervisor.h"
#include "backend/qemu/accelerator.h"
#include "backend/qemu/launch.h"
#include "backend/qemu/pool_groups.h"
#include "backend/qemu/running_vm.h"
#include "rt/pool.h"

namespace backend::qemu {

struct Options {
    std::string run;                     // folder for run directories; made when missing
    std::string program = "qemu-system-x86_64";
    std::string accelerator;             // "kvm" or "tcg"; "" : by proof
    bool own_users = true;               // a user per VM, when we are root
    bool cgroups = true;
    int core_mhz = 2000;                 // what a limit in MHz is a part of
};

class Machine : public Hypervisor {
public:
    Machine(rt::Pool& pool, Options options);
    ~Machine() override;

    rt::Co<base::Result<Abilities>> Open() override;
    rt::Co<base::Result<>> Start(VmSpec spec, std::string state, Progress progress) override;
    rt::Co<base::Result<>> Stop(std::string vm) override;
    rt::Co<base::Result<>> Reset(std::string vm) override;
    rt::Co<base::Result<>> Pause(std::string vm) override;
    rt::Co<base::Result<>> Resume(std::string vm) override;
    rt::Co<base::Result<>> Suspend(std::string vm, std::string state, Progress progress) override;
    rt::Co<base::Result<>> ShutdownGuest(std::string vm) override;
    rt::Co<base::Result<>> RebootGuest(std::string vm) override;
    rt::Co<base::Result<>> StandbyGuest(std::string vm) override;
    rt::Co<base::Result<>> ChangeMedium(std::string vm, int key, std::string path) override;
    rt::Co<base::Result<>> SetLink(std::string vm, int key, bool connected) override;
    rt::Co<base::Result<bool>> TakeSnapshot(std::string vm, SnapshotPlan plan, Progress progress) override;
    rt::Co<base::Result<bool>> Writes(std::string vm, int key, std::string path) override;
    rt::Co<base::Result<>> MergeLayers(std::string vm, LayerMerge merge, Progress progress,
                                       std::function<bool()> cancelled) override;
    rt::Co<base::Result<>> EndMerge(std::string vm, LayerMerge merge) override;
    rt::Co<base::Result<>> GiveUpMerge(std::string vm, int key) override;
    rt::Co<base::Result<>> Hold(std::string vm) override;
    rt::Co<base::Result<>> Release(std::string vm) override;
    rt::Co<base::Result<>> Plug(VmSpec spec, Part part) override;
    rt::Co<base::Result<>> Unplug(std::string vm, Part part, base::Duration patience) override;
    rt::Co<base::Result<>> AddCpus(std::string vm, int cpus) override;
    rt::Co<base::Result<>> SetIops(std::string vm, int key, std::int64_t iops) override;
    rt::Co<base::Result<>> SetAffinity(std::string vm, std::vector<int> processors) override;
    rt::Co<base::Result<>> SetNetwork(std::string vm, NicSpec nic) override;
    rt::Co<base::Result<>> ResizeDisk(std::string vm, int key, std::int64_t bytes) override;
    rt::Co<base::Result<>> TrackChanges(std::string vm, int key) override;
    rt::Co<base::Result<DiskChanges>> ReadChanges(std::string vm, int key, ChangesOf which) override;
    rt::Co<base::Result<>> ForgetChanges(std::string vm, int key, ChangesOf which) override;
    rt::Co<base::Result<>> EndTracking(std::string vm, int key) override;
    rt::Co<base::Result<>> MirrorDisks(std::string vm, std::vector<DiskMove> moves, Progress progress,
                                       std::function<bool()> cancelled) override;
    rt::Co<base::Result<>> SwitchDisks(std::string vm, std::vector<DiskMove> moves) override;
    rt::Co<base::Result<>> StopMirrors(std::string vm, std::vector<DiskMove> moves) override;
    rt::Co<base::Result<bool>> AnySwitched(std::string vm, std::vector<DiskMove> moves) override;
    rt::Co<base::Result<Usage>> ReadUsage(std::string vm) override;
    rt::Co<base::Result<>> SetPools(std::vector<PoolSpec> pools) override;
    rt::Co<base::Result<>> SetResources(std::string vm, std::string pool, Resources resources) override;
    rt::Co<base::Result<rt::ByteStreamPtr>> OpenDisplay(std::string vm) override;
    rt::Co<base::Result<rt::ByteStreamPtr>> OpenSerial(std::string vm) override;
    rt::Co<base::Result<Picture>> TakePicture(std::string vm) override;
    rt::Co<base::Result<>> SendKeys(std::string vm, std::vector<KeyEvent> keys) override;
    rt::Co<base::Result<GuestOutcome>> RunInGuest(std::string vm, GuestProgram program) override;
    rt::Co<base::Result<rt::ByteStreamPtr>> OpenGuestFile(std::string vm, std::string path, bool write) override;
    rt::Co<base::Result<>> SetGuestTime(std::string vm) override;
    rt::Co<base::Result<base::Duration>> GuestTimeLag(std::string vm) override;
    rt::Co<base::Result<std::vector<Found>>> Adopt() override;
    RunState StateOf(const std::string& vm) const override;

    // The process of a running VM, for tests and support; 0: it does not run.
    pid_t ProcessOf(const std::string& vm) const;

private:
    using Vm = std::shared_ptr<RunningVm>;

    base::Result<Vm> Find(const std::string& vm) const;
    RunningVm::Listener MakeListener();
    std::optional<uid_t> PickUser() const;
    rt::Co<base::Result<>> StartOnce(VmSpec spec, std::string state, Progress progress);
    rt::Co<base::Result<>> BringUp(Vm vm, VmSpec spec, Progress progress);
    rt::Co<base::Result<>> WriteState(Vm vm, qmp::Client& qemu, std::string part, Progress progress);
    rt::Co<base::Result<>> SaveAndEnd(Vm vm, qmp::Client& qemu, std::string state, Progress progress);
    rt::Co<base::Result<>> SaveMemory(Vm vm, qmp::Client& qemu, std::string file, Progress progress);
    rt::Co<base::Result<bool>> Switch(Vm vm, qmp::Client& qemu, SnapshotPlan plan, Progress progress);
    rt::Co<base::Result<>> ChangeMediumOf(Vm vm, int key, std::string path);
    rt::Co<std::optional<Found>> AdoptOne(std::string vm);
    rt::Co<base::Result<>> Reconnect(Vm vm);
    rt::Co<base::Result<>> Stand(Vm vm, Standing standing);

    rt::Pool& pool_;
    Options options_;
    std::string accelerator_;
    std::vector<std::string> cgroup_parents_;
    PoolTree pools_;
    std::map<std::string, Standing> standings_;          // of the VMs that run
    std::map<std::string, Vm> vms_;
    std::map<std::string, std::optional<uid_t>> starting_;
};

}  // namespace backend::qemu
