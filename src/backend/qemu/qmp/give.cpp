#include "backend/qemu/qmp/give.h"

namespace backend::qemu::qmp {

rt::Co<base::Result<>> Give(Client& qemu, std::string command, json::object arguments) {
    std::string text = json::serialize(arguments);
    CO_CHECK(co_await qemu.Execute(std::move(command), std::move(text), kSlow));
    co_return base::Result<>{};
}

}  // namespace backend::qemu::qmp
