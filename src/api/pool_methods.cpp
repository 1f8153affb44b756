// ResourcePool: the tree itself. VMs that are made in one are in vm_methods.cpp.
#include "api/permit.h"
#include "api/serve.h"
#include "vm/machines.h"

namespace api {

namespace call = vim::call;

namespace {

using Done = rt::Co<vim::Result<>>;

// The permit must live as long as the call that asks it.
template <class Request>
Done WithPermit(Call& call, const Request& request, vm::Pools& pools,
                Done (vm::Pools::*method)(Request, const vm::Permit&, std::string)) {
    CallersPermit permit(call);
    co_return co_await (pools.*method)(request, permit, call.user);
}

}  // namespace

void ServePools(Dispatch& dispatch, vm::Machines& m) {
    vm::Pools& pools = m.pools;
    dispatch.On<call::CreateResourcePool>(
        [&pools](Call& c, const call::CreateResourcePool& r) { return pools.Create(r, c.user); });
    dispatch.On<call::UpdateConfig>(
        [&pools](Call& c, const call::UpdateConfig& r) { return WithPermit(c, r, pools, &vm::Pools::Update); });
    dispatch.On<call::UpdateChildResourceConfiguration>(
        [&pools](Call& c, const call::UpdateChildResourceConfiguration& r) {
            return WithPermit(c, r, pools, &vm::Pools::UpdateChildren);
        });
    dispatch.On<call::MoveIntoResourcePool>(
        [&pools](Call& c, const call::MoveIntoResourcePool& r) { return WithPermit(c, r, pools, &vm::Pools::Move); });
    dispatch.On<call::DestroyChildren>([&pools](Call& c, const call::DestroyChildren& r) {
        return WithPermit(c, r, pools, &vm::Pools::DestroyChildren);
    });
    dispatch.On<call::QueryResourceConfigOption>(
        [&pools](Call&, const call::QueryResourceConfigOption&) { return pools.ConfigOption(); });
    dispatch.On<call::RefreshRuntime>([&pools](Call&, const call::RefreshRuntime& r) { return pools.Refresh(r); });
}

}  // namespace api
