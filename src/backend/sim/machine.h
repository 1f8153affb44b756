// A hypervisor without guests: ten thousand imagined VMs on a real or a virtual clock.
//
// Suspend writes a small real file, so that whoever looks after VM folders sees what
// it would see with QEMU. Paths of disks are not looked at.
#pragma once

#include "backend/hypervisor.h"
#include "backend/sim/world.h"

namespace backend::sim {

base::Error NotRunning(const std::string& vm);
std::string StateMark(const std::string& vm);            // what a saved state of that VM consists of

class Machine : public Hypervisor {
public:
    explicit Machine(std::shared_ptr<World> world);
    Machine(rt::Timer& timer, Script script);
    ~Machine() override;

    World& world() { return *world_; }

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

private:
    // The time and the failure that the script has for this step.
    rt::Co<base::Result<>> Step(Op op, std::string vm, Progress progress);
    // The same for one that needs the VM there, before and after.
    rt::Co<base::Result<World::Vm*>> StepOn(Op op, std::string vm);
    rt::Co<base::Result<rt::ByteStreamPtr>> Open(Op op, std::string vm, rt::ByteStreamPtr stream);
    void Report(const std::string& vm, EventKind kind, std::string detail = {});

    std::shared_ptr<World> world_;
};

}  // namespace backend::sim
