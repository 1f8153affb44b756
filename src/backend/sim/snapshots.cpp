// Snapshots of imagined guests: the lists of layers change as real ones do, the files stay
// as they are.
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "backend/sim/machine.h"
#include "base/text.h"

namespace backend::sim {
namespace {

DiskSpec* FindDisk(World::Vm& vm, int key) {
    for (DiskSpec& disk : vm.spec.disks)
        if (disk.key == key && !disk.cdrom) return &disk;
    return nullptr;
}

base::Error NoDisk(int key) { return {base::Code::kNotFound, base::Cat("the guest has no disk ", key)}; }

}  // namespace

rt::Co<base::Result<bool>> Machine::TakeSnapshot(std::string vm, SnapshotPlan plan, Progress progress) {
    if (!world_->Find(vm)) co_return NotRunning(vm);
    CO_CHECK(co_await Step(Op::kTakeSnapshot, vm, progress));
    World::Vm* v = world_->Find(vm);
    if (!v) co_return NotRunning(vm);
    for (const NewLayer& layer : plan.layers)
        if (!FindDisk(*v, layer.key)) co_return NoDisk(layer.key);
    if (!plan.memory.empty()) {
        std::ofstream out(plan.memory, std::ios::trunc);
        out << StateMark(vm);
        out.close();
        if (!out) co_return base::Error{base::Code::kIo, base::Cat("cannot write the state file ", plan.memory)};
    }
    if (!plan.variables.empty()) {
        std::ifstream in(plan.variables, std::ios::binary);
        std::ofstream out(plan.variables_copy, std::ios::binary | std::ios::trunc);
        if (!(out << in.rdbuf()).flush())
            co_return base::Error{base::Code::kIo, base::Cat("cannot write ", plan.variables_copy)};
    }
    for (const NewLayer& layer : plan.layers) FindDisk(*v, layer.key)->overlays.push_back(layer.path);
    co_return plan.quiesce&& plan.memory.empty() && v->guest.agent;
}

rt::Co<base::Result<bool>> Machine::Writes(std::string vm, int key, std::string path) {
    World::Vm* v = world_->Find(vm);
    if (!v) co_return NotRunning(vm);
    DiskSpec* disk = FindDisk(*v, key);
    if (!disk) co_return NoDisk(key);
    co_return !disk->overlays.empty() && disk->overlays.back() == path;
}

rt::Co<base::Result<>> Machine::MergeLayers(std::string vm, LayerMerge merge, Progress progress,
                                            std::function<bool()> cancelled) {
    if (!world_->Find(vm)) co_return NotRunning(vm);
    CO_CHECK(co_await Step(Op::kMergeLayers, vm, progress));
    World::Vm* v = world_->Find(vm);
    if (!v) co_return base::Error{base::Code::kIo, "the guest ended while its layers were merged"};
    if (!FindDisk(*v, merge.disk.key)) co_return NoDisk(merge.disk.key);
    if (cancelled && cancelled()) co_return base::Error{base::Code::kCancelled, "the merging of layers was cancelled"};
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::EndMerge(std::string vm, LayerMerge merge) {
    CO_TRY(v, co_await StepOn(Op::kEndMerge, vm));
    DiskSpec* disk = FindDisk(*v, merge.disk.key);
    if (!disk) co_return NoDisk(merge.disk.key);
    for (std::size_t place = merge.into + 1; place <= merge.from; ++place)
        std::erase(disk->overlays, merge.disk.overlays.at(place - 1));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::GiveUpMerge(std::string vm, int) {
    if (!world_->Find(vm)) co_return NotRunning(vm);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Hold(std::string vm) {
    World::Vm* v = world_->Find(vm);
    if (!v) co_return NotRunning(vm);
    if (!v->held) v->held = v->state;
    v->state = RunState::kPaused;
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Release(std::string vm) {
    World::Vm* v = world_->Find(vm);
    if (!v) co_return NotRunning(vm);
    if (v->held) v->state = *std::exchange(v->held, std::nullopt);
    co_return base::Result<>{};
}

}  // namespace backend::sim
