// UpgradeVM_Task: another hardware version.
#include "base/text.h"
#include "host/hardware_versions.h"
#include "vm/reconfigure.h"

namespace vm {

rt::Co<vim::Result<vim::Ref>> Reconfigure::Upgrade(vim::call::UpgradeVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOff, PowerState::kPoweredOff));
    std::string to = call.version.value_or("");
    if (to.empty()) to = host::HardwareKey(host::NewestHardware());
    int number = host::HardwareNumber(to);
    if (!host::IsOffered(number))
        co_return vim::Fault(vim::InvalidArgument("version"),
                             base::Cat("this host does not make virtual machines of version \"", to, '"'));
    if (number <= host::HardwareNumber(vm->config->version))
        co_return vim::Fault(vim::AlreadyUpgraded(),
                             base::Cat(vm->name, " has version ", vm->config->version, " already"));
    vim::VmUpgradingEvent event;
    event.version = to;
    c_.Post(std::move(event), call.self, user);
    Spec spec;
    spec.version = to;
    co_return co_await StartChange(&vim::call::UpgradeVM::kMethod, call.self, std::move(spec), std::move(user));
}

}  // namespace vm
