// VirtualMachine, and the methods of Folder, ResourcePool and ManagedEntity that make and
// unmake VMs.
#include "api/permit.h"
#include "api/serve.h"
#include "storage/datastore_names.h"
#include "vm/machines.h"

namespace api {

namespace call = vim::call;

namespace {

using Task = vim::Result<vim::Ref>;

// The permit must live as long as the call that asks it.
template <class Request, class Part>
rt::Co<Task> WithPermit(Call& call, const Request& request, Part& part,
                        rt::Co<Task> (Part::*method)(Request, std::string, const vm::Permit&)) {
    CallersPermit permit(call);
    co_return co_await (part.*method)(request, call.user, permit);
}

template <class T> vim::Result<> Only(const vim::Ref& self, std::string_view what) {
    if (self.type->IsA(T::kType)) return {};
    return vim::Fault(vim::NotSupported(),
                      std::string(self.type->name) + ": " + std::string(what) + " is not supported by this host");
}

rt::Co<Task> Destroy(Call& call, const call::Destroy& request, vm::Machines& machines) {
    if (request.self.type->IsA(vim::ResourcePool::kType))
        co_return co_await WithPermit(call, request, machines.pools, &vm::Pools::Destroy);
    CO_CHECK(Only<vim::VirtualMachine>(request.self, "removing it"));
    co_return co_await WithPermit(call, request, machines.lifecycle, &vm::Lifecycle::Destroy);
}

rt::Co<Task> Rename(Call& call, const call::Rename& request, vm::Machines& machines, storage::DatastoreNames& names) {
    if (request.self.type->IsA(vim::Datastore::kType)) {
        CO_CHECK(call.Check(request.self, "Datastore.Rename"));
        co_return co_await names.RenameByTask(request.self, request.new_name, call.user);
    }
    if (request.self.type->IsA(vim::ResourcePool::kType))
        co_return co_await WithPermit(call, request, machines.pools, &vm::Pools::Rename);
    CO_CHECK(Only<vim::VirtualMachine>(request.self, "renaming it"));
    co_return co_await WithPermit(call, request, machines.reconfigure, &vm::Reconfigure::Rename);
}

rt::Co<vim::Result<>> Reload(const call::Reload& request, vm::Machines& machines) {
    if (!request.self.type->IsA(vim::VirtualMachine::kType)) co_return vim::Result<>{};   // nothing is cached
    co_return co_await machines.reconfigure.Reload(request);
}

void ServeComingAndGoing(Dispatch& dispatch, vm::Machines& m, storage::DatastoreNames& names) {
    dispatch.On<call::CreateVM>(
        [&m](Call& c, const call::CreateVM& r) { return WithPermit(c, r, m.lifecycle, &vm::Lifecycle::Create); });
    dispatch.On<call::CreateChildVM>([&m](Call& c, const call::CreateChildVM& r) {
        return WithPermit(c, r, m.lifecycle, &vm::Lifecycle::CreateChild);
    });
    dispatch.On<call::RegisterVM>(
        [&m](Call& c, const call::RegisterVM& r) { return WithPermit(c, r, m.lifecycle, &vm::Lifecycle::Register); });
    dispatch.On<call::RegisterChildVM>([&m](Call& c, const call::RegisterChildVM& r) {
        return WithPermit(c, r, m.lifecycle, &vm::Lifecycle::RegisterChild);
    });
    dispatch.On<call::UnregisterVM>(
        [&m](Call& c, const call::UnregisterVM& r) { return m.lifecycle.Unregister(r, c.user); });
    dispatch.On<call::Destroy>([&m](Call& c, const call::Destroy& r) { return Destroy(c, r, m); });
    dispatch.On<call::Rename>([&m, &names](Call& c, const call::Rename& r) { return Rename(c, r, m, names); });
    dispatch.On<call::ReconfigVM>([&m](Call& c, const call::ReconfigVM& r) {
        return WithPermit(c, r, m.reconfigure, &vm::Reconfigure::Reconfig);
    });
    dispatch.On<call::UpgradeVM>([&m](Call& c, const call::UpgradeVM& r) { return m.reconfigure.Upgrade(r, c.user); });
    dispatch.On<call::RelocateVM>(
        [&m](Call& c, const call::RelocateVM& r) { return WithPermit(c, r, m.relocate, &vm::Relocate::Start); });
    dispatch.On<call::CloneVM>(
        [&m](Call& c, const call::CloneVM& r) { return WithPermit(c, r, m.clone, &vm::Clone::Start); });
    dispatch.On<call::Reload>([&m](Call&, const call::Reload& r) { return Reload(r, m); });
    dispatch.On<call::RefreshStorageInfo>(
        [&m](Call&, const call::RefreshStorageInfo& r) { return m.reconfigure.RefreshStorage(r); });
}

}  // namespace

void ServeMachines(Dispatch& dispatch, vm::Machines& m, storage::DatastoreNames& names) {
    ServeComingAndGoing(dispatch, m, names);
    ServeSnapshots(dispatch, m);
    dispatch.On<call::PowerOnVM>([&m](Call& c, const call::PowerOnVM& r) { return m.power.PowerOn(r, c.user); });
    dispatch.On<call::PowerOffVM>([&m](Call& c, const call::PowerOffVM& r) { return m.power.PowerOff(r, c.user); });
    dispatch.On<call::ResetVM>([&m](Call& c, const call::ResetVM& r) { return m.power.Reset(r, c.user); });
    dispatch.On<call::SuspendVM>([&m](Call& c, const call::SuspendVM& r) { return m.power.Suspend(r, c.user); });
    dispatch.On<call::TerminateVM>([&m](Call& c, const call::TerminateVM& r) { return m.power.Terminate(r, c.user); });
    dispatch.On<call::ShutdownGuest>(
        [&m](Call& c, const call::ShutdownGuest& r) { return m.power.ShutdownGuest(r, c.user); });
    dispatch.On<call::RebootGuest>(
        [&m](Call& c, const call::RebootGuest& r) { return m.power.RebootGuest(r, c.user); });
    dispatch.On<call::StandbyGuest>(
        [&m](Call& c, const call::StandbyGuest& r) { return m.power.StandbyGuest(r, c.user); });
    dispatch.On<call::QueryChangedDiskAreas>(
        [&m](Call&, const call::QueryChangedDiskAreas& r) { return m.tracking.Query(r); });
    dispatch.On<call::AnswerVM>([&m](Call& c, const call::AnswerVM& r) { return m.questions.Answer(r, c.user); });
    dispatch.On<call::CheckCustomizationSpec>(
        [&m](Call&, const call::CheckCustomizationSpec& r) { return m.customization.Check(r); });
    dispatch.On<call::CustomizeVM>(
        [&m](Call& c, const call::CustomizeVM& r) { return m.customization.Start(r, c.user); });
    dispatch.On<call::ResetGuestInformation>(
        [&m](Call&, const call::ResetGuestInformation& r) { return m.watch.ResetGuestInformation(r); });
}

}  // namespace api
