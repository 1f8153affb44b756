// What a host answers about itself, and auto-start.
#include "api/serve.h"
#include "host/auto_start.h"
#include "host/queries.h"
#include "vim/gen/calls_host.h"
#include "vim/gen/host.h"
#include "vim/gen/host_network.h"
#include "vim/gen/perf.h"
#include "vim/gen/vm.h"

namespace api {

namespace call = vim::call;

void ServeHost(Dispatch& dispatch, const base::Clock& clock, host::AutoStart& auto_start) {
    dispatch.On<call::QueryMemoryOverhead>(
        [](Call&, const call::QueryMemoryOverhead& r) { return host::QueryMemoryOverhead(r); });
    dispatch.On<call::QueryMemoryOverheadEx>(
        [](Call&, const call::QueryMemoryOverheadEx& r) { return host::QueryMemoryOverheadEx(r); });
    dispatch.On<call::RetrieveHardwareUptime>([&clock](Call& c, const call::RetrieveHardwareUptime&) {
        return host::RetrieveHardwareUptime(*c.now, clock.Now());
    });
    dispatch.On<call::QueryHostConnectionInfo>(
        [](Call& c, const call::QueryHostConnectionInfo&) { return host::QueryHostConnectionInfo(*c.now); });
    dispatch.On<call::QueryAvailableTimeZones>(
        [](Call&, const call::QueryAvailableTimeZones&) { return host::QueryAvailableTimeZones(); });
    dispatch.On<call::QueryDateTime>(
        [&clock](Call&, const call::QueryDateTime&) -> vim::Result<vim::Time> { return clock.Now(); });
    dispatch.On<call::QueryNetConfig>(
        [](Call& c, const call::QueryNetConfig& r) { return host::QueryNetConfig(*c.now, r); });
    dispatch.On<call::ReconfigureAutostart>(
        [&auto_start](Call&, const call::ReconfigureAutostart& r) { return auto_start.Reconfigure(*r.spec); });
}

}  // namespace api
