// ServiceInstance, OptionManager and EnvironmentBrowser.
#include "api/serve.h"
#include "host/config_option.h"
#include "host/ids.h"
#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_service.h"
#include "vim/gen/host.h"
#include "vim/gen/service.h"
#include "vim/gen/vm.h"

namespace api {

namespace call = vim::call;

namespace {

vim::Result<vim::Ptr<vim::ServiceContent>> Content(Call& call, const vim::Ref& self) {
    const auto* service = call.now->Get<vim::ServiceInstance>(self);
    if (!service) return vim::Fault(vim::ManagedObjectNotFound(self));
    return service->content;
}

using OptionResult = vim::Result<vim::Ptr<vim::VirtualMachineConfigOption>>;

OptionResult ConfigOption(const std::string& key, const std::vector<std::string>& guests) {
    auto option = host::ConfigOption(key, guests);
    if (option) return option;
    return vim::Fault(vim::InvalidArgument("key"), "this host knows no hardware version \"" + key + "\"");
}

host::OptionOwner OwnerOf(const vim::Ref& self) {
    return self == host::SettingRef() ? host::OptionOwner::kAgent : host::OptionOwner::kHost;
}

}  // namespace

void ServeService(Dispatch& dispatch, const base::Clock& clock) {
    dispatch.On<call::RetrieveServiceContent>(
        [](Call& c, const call::RetrieveServiceContent& r) { return Content(c, r.self); });
    dispatch.On<call::CurrentTime>(
        [&clock](Call&, const call::CurrentTime&) -> vim::Result<vim::Time> { return clock.Now(); });
    dispatch.On<call::QueryConfigOption>(
        [](Call&, const call::QueryConfigOption& r) { return ConfigOption(r.key.value_or(""), {}); });
    dispatch.On<call::QueryConfigOptionEx>([](Call&, const call::QueryConfigOptionEx& r) {
        return r.spec ? ConfigOption(r.spec->key.value_or(""), r.spec->guest_id) : ConfigOption("", {});
    });
    dispatch.On<call::QueryConfigOptionDescriptor>(
        [](Call&, const call::QueryConfigOptionDescriptor&)
            -> vim::Result<std::vector<vim::Ptr<vim::VirtualMachineConfigOptionDescriptor>>> {
            return host::ConfigOptionDescriptors();
        });
    dispatch.On<call::QueryConfigTarget>(
        [](Call& c, const call::QueryConfigTarget&) -> vim::Result<vim::Ptr<vim::ConfigTarget>> {
            return host::ConfigTarget(*c.now);
        });
    dispatch.On<call::QueryTargetCapabilities>(
        [](Call& c, const call::QueryTargetCapabilities&) -> vim::Result<vim::Ptr<vim::HostCapability>> {
            const auto* host = c.now->Get<vim::HostSystem>(host::HostRef());
            return host ? host->capability : vim::Ptr<vim::HostCapability>();
        });
}

void ServeOptions(Dispatch& dispatch, host::AdvancedOptions& options) {
    dispatch.On<call::QueryOptions>(
        [&options](Call&, const call::QueryOptions& r) { return options.Query(OwnerOf(r.self), r.name.value_or("")); });
    dispatch.On<call::UpdateOptions>(
        [&options](Call&, const call::UpdateOptions& r) { return options.Update(OwnerOf(r.self), r.changed_value); });
}

}  // namespace api
