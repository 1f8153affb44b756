// Machine: which blocks of imagined disks changed. An imagined disk has one layer.
#include "backend/sim/machine.h"
#include "base/text.h"

namespace backend::sim {
namespace {

base::Error NotTracked(const std::string& vm, int key) {
    return {base::Code::kNotFound, base::Cat("changes of disk ", key, " of virtual machine ", vm, " are not tracked")};
}

}  // namespace

rt::Co<base::Result<>> Machine::TrackChanges(std::string vm, int key) {
    World::Vm* found = world_->Find(vm);
    if (!found) co_return NotTracked(vm, key);
    found->changes[key];
    co_return base::Result<>{};
}

rt::Co<base::Result<DiskChanges>> Machine::ReadChanges(std::string vm, int key, ChangesOf which) {
    World::Vm* found = world_->Find(vm);
    if (!found || !found->changes.contains(key)) co_return NotTracked(vm, key);
    if (which == ChangesOf::kFrozenLayers) co_return DiskChanges{};
    co_return DiskChanges{found->changes[key], 0};
}

rt::Co<base::Result<>> Machine::ForgetChanges(std::string vm, int key, ChangesOf which) {
    World::Vm* found = world_->Find(vm);
    if (!found || !found->changes.contains(key)) co_return NotTracked(vm, key);
    if (which == ChangesOf::kAllLayers) found->changes[key].clear();
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::EndTracking(std::string vm, int key) {
    if (World::Vm* found = world_->Find(vm)) found->changes.erase(key);
    co_return base::Result<>{};
}

}  // namespace backend::sim
