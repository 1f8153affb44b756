// Machine: a disk grows while its guest runs.
#include "backend/sim/machine.h"
#include "base/text.h"

namespace backend::sim {

rt::Co<base::Result<>> Machine::ResizeDisk(std::string vm, int key, std::int64_t bytes) {
    CO_TRY(v, co_await StepOn(Op::kResizeDisk, vm));
    for (const DiskSpec& disk : v->spec.disks) {
        if (disk.key != key || disk.cdrom) continue;
        world_->resized.emplace_back(key, bytes);
        co_return base::Result<>{};
    }
    co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", vm, " has no disk ", key)};
}

}  // namespace backend::sim
