// Snapshots of virtual machines.
#include "api/serve.h"
#include "vm/machines.h"

namespace api {

namespace call = vim::call;

void ServeSnapshots(Dispatch& dispatch, vm::Machines& machines) {
    vm::Snapshots& s = machines.snapshots;
    dispatch.On<call::CreateSnapshot>([&s](Call& c, const call::CreateSnapshot& r) { return s.Create(r, c.user); });
    dispatch.On<call::CreateSnapshotEx>(
        [&s](Call& c, const call::CreateSnapshotEx& r) { return s.CreateEx(r, c.user); });
    dispatch.On<call::RenameSnapshot>([&s](Call& c, const call::RenameSnapshot& r) { return s.Rename(r, c.user); });
    dispatch.On<call::RevertToCurrentSnapshot>(
        [&s](Call& c, const call::RevertToCurrentSnapshot& r) { return s.RevertToCurrent(r, c.user); });
    dispatch.On<call::RevertToSnapshot>([&s](Call& c, const call::RevertToSnapshot& r) { return s.Revert(r, c.user); });
    dispatch.On<call::RemoveSnapshot>([&s](Call& c, const call::RemoveSnapshot& r) { return s.Remove(r, c.user); });
    dispatch.On<call::RemoveAllSnapshots>(
        [&s](Call& c, const call::RemoveAllSnapshots& r) { return s.RemoveAll(r, c.user); });
    dispatch.On<call::ConsolidateVMDisks>(
        [&s](Call& c, const call::ConsolidateVMDisks& r) { return s.Consolidate(r, c.user); });
    dispatch.On<call::EstimateStorageForConsolidateSnapshots>(
        [&s](Call& c, const call::EstimateStorageForConsolidateSnapshots& r) { return s.Estimate(r, c.user); });
}

}  // namespace api
