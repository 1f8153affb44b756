// FileManager, HostDatastoreBrowser, VirtualDiskManager and Datastore.
#include "api/storage_methods.h"

#include "vim/gen/calls_storage.h"
#include "vim/gen/calls_vm.h"

namespace api {

namespace call = vim::call;

namespace {

storage::Caller CallerOf(const Call& c) { return {c.user, c.check}; }

void ServeFileManager(Dispatch& dispatch, storage::Files& files) {
    dispatch.On<call::MakeDirectory>([&files](Call& c, const call::MakeDirectory& r) {
        return files.MakeDirectory(CallerOf(c), r.name, r.create_parent_directories.value_or(false));
    });
    dispatch.On<call::DeleteDatastoreFile>(
        [&files](Call& c, const call::DeleteDatastoreFile& r) { return files.Delete(CallerOf(c), r.name, r.kMethod); });
    dispatch.On<call::CopyDatastoreFile>([&files](Call& c, const call::CopyDatastoreFile& r) {
        return files.Copy(CallerOf(c), r.source_name, r.destination_name, r.force.value_or(false), r.kMethod);
    });
    dispatch.On<call::MoveDatastoreFile>([&files](Call& c, const call::MoveDatastoreFile& r) {
        return files.Move(CallerOf(c), r.source_name, r.destination_name, r.force.value_or(false), r.kMethod);
    });
}

void ServeBrowser(Dispatch& dispatch, storage::Files& files, storage::Browsing& browsing) {
    dispatch.On<call::SearchDatastore>([&browsing](Call& c, const call::SearchDatastore& r) {
        return browsing.Start(CallerOf(c), r.self, r.datastore_path, r.search_spec, false, r.kMethod);
    });
    dispatch.On<call::SearchDatastoreSubFolders>([&browsing](Call& c, const call::SearchDatastoreSubFolders& r) {
        return browsing.Start(CallerOf(c), r.self, r.datastore_path, r.search_spec, true, r.kMethod);
    });
    dispatch.On<call::DeleteFile>(
        [&files](Call& c, const call::DeleteFile& r) { return files.DeleteNow(CallerOf(c), r.datastore_path); });
}

void ServeDisks(Dispatch& dispatch, storage::Disks& disks) {
    using Fill = storage::Disks::Fill;
    dispatch.On<call::CreateVirtualDisk>([&disks](Call& c, const call::CreateVirtualDisk& r) {
        return disks.Create(CallerOf(c), r.name, r.spec, r.kMethod);
    });
    dispatch.On<call::DeleteVirtualDisk>(
        [&disks](Call& c, const call::DeleteVirtualDisk& r) { return disks.Delete(CallerOf(c), r.name, r.kMethod); });
    dispatch.On<call::CopyVirtualDisk>([&disks](Call& c, const call::CopyVirtualDisk& r) {
        return disks.Copy(CallerOf(c), r.source_name, r.dest_name, r.dest_spec, r.force.value_or(false), r.kMethod);
    });
    dispatch.On<call::MoveVirtualDisk>([&disks](Call& c, const call::MoveVirtualDisk& r) {
        return disks.Move(CallerOf(c), r.source_name, r.dest_name, r.force.value_or(false), r.kMethod);
    });
    dispatch.On<call::ExtendVirtualDisk>([&disks](Call& c, const call::ExtendVirtualDisk& r) {
        return disks.Extend(CallerOf(c), r.name, r.new_capacity_kb, r.eager_zero.value_or(false), r.kMethod);
    });
    dispatch.On<call::InflateVirtualDisk>([&disks](Call& c, const call::InflateVirtualDisk& r) {
        return disks.FillUp(CallerOf(c), r.name, Fill::kInflate, r.kMethod);
    });
    dispatch.On<call::EagerZeroVirtualDisk>([&disks](Call& c, const call::EagerZeroVirtualDisk& r) {
        return disks.FillUp(CallerOf(c), r.name, Fill::kEagerZero, r.kMethod);
    });
    dispatch.On<call::ZeroFillVirtualDisk>([&disks](Call& c, const call::ZeroFillVirtualDisk& r) {
        return disks.FillUp(CallerOf(c), r.name, Fill::kZeroAll, r.kMethod);
    });
    dispatch.On<call::QueryVirtualDiskUuid>(
        [&disks](Call& c, const call::QueryVirtualDiskUuid& r) { return disks.Uuid(CallerOf(c), r.name); });
    dispatch.On<call::SetVirtualDiskUuid>(
        [&disks](Call& c, const call::SetVirtualDiskUuid& r) { return disks.SetUuid(CallerOf(c), r.name, r.uuid); });
    dispatch.On<call::QueryVirtualDiskGeometry>(
        [&disks](Call& c, const call::QueryVirtualDiskGeometry& r) { return disks.Geometry(CallerOf(c), r.name); });
}

void ServeDiskCare(Dispatch& dispatch, storage::DiskCare& care) {
    dispatch.On<call::QueryVirtualDiskInfo>([&care](Call& c, const call::QueryVirtualDiskInfo& r) {
        return care.Info(CallerOf(c), r.name, r.include_parents, r.kMethod);
    });
    dispatch.On<call::QueryVirtualDiskFragmentation>([&care](Call& c, const call::QueryVirtualDiskFragmentation& r) {
        return care.Fragmentation(CallerOf(c), r.name);
    });
    dispatch.On<call::DefragmentVirtualDisk>([&care](Call& c, const call::DefragmentVirtualDisk& r) {
        return care.Defragment(CallerOf(c), r.name, r.kMethod);
    });
    dispatch.On<call::ShrinkVirtualDisk>([&care](Call& c, const call::ShrinkVirtualDisk& r) {
        return care.Shrink(CallerOf(c), r.name, r.copy.value_or(true), r.kMethod);
    });
    dispatch.On<call::ImportUnmanagedSnapshot>([&care](Call& c, const call::ImportUnmanagedSnapshot& r) {
        return care.ImportUnmanagedSnapshot(CallerOf(c), r.vdisk);
    });
}

void ServeDatastores(Dispatch& dispatch, host::Mounted& mounted, storage::DatastoreNames& names) {
    dispatch.On<call::RenameDatastore>(
        [&names](Call& c, const call::RenameDatastore& r) { return names.Rename(r.self, r.new_name, c.user); });
    dispatch.On<call::RefreshDatastore>(
        [&mounted](Call&, const call::RefreshDatastore& r) { return mounted.Refresh(r.self); });
    dispatch.On<call::RefreshDatastoreStorageInfo>(
        [&mounted](Call&, const call::RefreshDatastoreStorageInfo& r) { return mounted.Refresh(r.self); });
}

}  // namespace

void ServeStorage(Dispatch& dispatch, StorageParts parts) {
    ServeFileManager(dispatch, parts.files);
    ServeBrowser(dispatch, parts.files, parts.browsing);
    ServeDisks(dispatch, parts.disks);
    ServeDiskCare(dispatch, parts.care);
    ServeDatastores(dispatch, parts.mounted, parts.names);
}

}  // namespace api
