// Machine: a disk grows while its guest runs.
#include <algorithm>

#include "backend/qemu/machine.h"
#include "base/text.h"

namespace backend::qemu {

rt::Co<base::Result<>> Machine::ResizeDisk(std::string id, int key, std::int64_t bytes) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    auto resized = co_await qmp::ResizeNode(*qemu, base::Cat("disk-", key), bytes);
    if (!resized && resized.error().message.find("Cannot find device") != std::string::npos)
        co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " has no disk ", key)};
    co_return resized;
}

}  // namespace backend::qemu
