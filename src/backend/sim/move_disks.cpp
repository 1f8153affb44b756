// Machine: an imagined guest's files become others. Which ones it uses is remembered by the
// world, as QEMU remembers it while hostd is dead.
#include "backend/sim/machine.h"
#include "base/text.h"

namespace backend::sim {

static bool Uses(const World::Vm& vm, const DiskSpec& disk) {
    if (disk.key == kVariablesKey) return vm.spec.nvram == disk.path;
    for (const DiskSpec& d : vm.spec.disks)
        if (d.key == disk.key) return d.path == disk.path && d.overlays == disk.overlays;
    return false;
}

rt::Co<base::Result<>> Machine::MirrorDisks(std::string id, std::vector<DiskMove> moves, Progress progress,
                                            std::function<bool()> cancelled) {
    if (!world_->Find(id))
        co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " does not run")};
    CO_CHECK(co_await Step(Op::kMirrorDisks, id, std::move(progress)));
    World::Vm* vm = world_->Find(id);
    if (!vm) co_return base::Error{base::Code::kIo, "it ended while its disks were copied"};
    if (cancelled && cancelled()) co_return base::Error{base::Code::kCancelled, "cancelled by request"};
    for (const DiskMove& move : moves)
        if (!Uses(*vm, move.from))
            co_return base::Error{base::Code::kNotFound, base::Cat("the guest has no disk ", move.from.key)};
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::SwitchDisks(std::string id, std::vector<DiskMove> moves) {
    CO_TRY(vm, co_await StepOn(Op::kSwitchDisks, id));
    for (const DiskMove& move : moves) {
        if (move.to.key == kVariablesKey) vm->spec.nvram = move.to.path;
        for (DiskSpec& d : vm->spec.disks)
            if (d.key == move.to.key) d.path = move.to.path, d.overlays = move.to.overlays;
    }
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::StopMirrors(std::string id, std::vector<DiskMove>) {
    if (world_->Find(id)) co_return base::Result<>{};
    co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " does not run")};
}

rt::Co<base::Result<bool>> Machine::AnySwitched(std::string id, std::vector<DiskMove> moves) {
    World::Vm* vm = world_->Find(id);
    if (!vm) co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " does not run")};
    for (const DiskMove& move : moves)
        if (Uses(*vm, move.to)) co_return true;
    co_return false;
}

}  // namespace backend::sim
