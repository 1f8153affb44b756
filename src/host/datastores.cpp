#include "host/datastores.h"

#include <cstdlib>

#include "base/text.h"
#include "host/capability.h"
#include "host/ids.h"
#include "host/storage_info.h"

namespace host {
namespace {

template <class V> void AddOnce(std::vector<V>& list, const V& value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

vim::Ptr<vim::HostVmfsVolume> VmfsVolume(const DatastoreFacts& f) {
    vim::HostVmfsVolume v;
    v.type_ = "VMFS";
    v.name = f.name;
    v.capacity = f.volume.capacity;
    v.block_size_mb = 1;
    v.max_blocks = 63963136;
    v.major_version = 6;
    v.version = "6.82";
    v.uuid = f.id;
    vim::HostScsiDiskPartition extent;
    extent.disk_name = f.unit;
    extent.partition = 1;
    v.extent.push_back(std::move(extent));
    v.ssd = !f.volume.rotational;
    v.local = true;
    return v;
}

vim::Ptr<vim::HostMountInfo> Mounted(const DatastoreFacts& f) {
    vim::HostMountInfo m;
    m.path = DatastorePath(f.id);
    m.access_mode = f.volume.read_only ? "readOnly" : "readWrite";
    m.mounted = true;
    m.accessible = true;
    return m;
}

vim::Ptr<vim::DatastoreInfo> Info(const DatastoreFacts& f) {
    vim::VmfsDatastoreInfo i;
    i.name = f.name;
    i.url = DatastoreUrl(f.id);
    i.free_space = f.volume.free;
    i.max_file_size = kMaxDiskBytes;
    i.max_virtual_disk_capacity = kMaxDiskBytes;
    i.max_memory_file_size = kMaxDiskBytes;
    i.max_physical_rdm_file_size = kMaxDiskBytes;
    i.max_virtual_rdm_file_size = kMaxDiskBytes;
    i.vmfs = VmfsVolume(f);
    return i;
}

vim::Ptr<vim::DatastoreSummary> Summary(const DatastoreFacts& f) {
    vim::DatastoreSummary s;
    s.datastore = DatastoreRef(f.id);
    s.name = f.name;
    s.url = DatastoreUrl(f.id);
    s.capacity = f.volume.capacity;
    s.free_space = f.volume.free;
    s.uncommitted = 0;
    s.accessible = true;
    s.multiple_host_access = false;
    s.type_ = "VMFS";
    s.maintenance_mode = "normal";
    return s;
}

vim::Ptr<vim::StorageIORMInfo> Iorm() {
    vim::StorageIORMInfo i;
    i.congestion_threshold_mode = "automatic";
    i.congestion_threshold = 30;
    i.percent_of_peak_throughput = 90;
    return i;
}

void FillDatastore(vim::Datastore& d, const DatastoreFacts& f) {
    d.name = f.name;
    d.overall_status = d.config_status = vim::ManagedEntityStatus::kGreen;
    d.info = Info(f);
    d.summary = Summary(f);
    vim::DatastoreHostMount mount;
    mount.key = HostRef();
    mount.mount_info = Mounted(f);
    d.host = {std::move(mount)};
    auto& c = d.capability.Mut();
    c.directory_hierarchy_supported = true;
    c.per_file_thin_provisioning_supported = true;
    c.top_level_directory_create_supported = true;
    d.iorm_configuration = Iorm();
}

vim::Ptr<vim::HostFileSystemMountInfo> VolumeEntry(const DatastoreFacts& f) {
    vim::HostFileSystemMountInfo m;
    m.mount_info = Mounted(f);
    m.volume = VmfsVolume(f);
    m.v_storage_support = "vStorageUnsupported";
    return m;
}

// The list of volumes is a property of two objects.
template <class Fn> void ChangeVolumes(inventory::Edit& edit, const Fn& fn) {
    edit.Change<vim::HostStorageSystem>(StorageSystemRef(),
                                        [&](vim::HostStorageSystem& s) { fn(s.file_system_volume_info.Mut()); });
    auto* storage = edit.Get<vim::HostStorageSystem>(StorageSystemRef());
    if (!storage) return;
    const auto volumes = storage->file_system_volume_info;
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& h) { h.config.Mut().file_system_volume = volumes; });
}

bool IsVolume(const vim::Ptr<vim::HostFileSystemMountInfo>& m, const std::string& id) {
    auto* vmfs = m->volume.As<vim::HostVmfsVolume>();
    return vmfs && vmfs->uuid == id;
}

void SetVolume(inventory::Edit& edit, const DatastoreFacts& f) {
    ChangeVolumes(edit, [&](vim::HostFileSystemVolumeInfo& info) {
        AddOnce(info.volume_type_list, std::string("VMFS"));
        for (auto& m : info.mount_info)
            if (IsVolume(m, f.id)) return void(m = VolumeEntry(f));
        info.mount_info.push_back(VolumeEntry(f));
    });
}

// Every list that names the datastore.
template <class Fn> void ChangeLists(inventory::Edit& edit, const Fn& fn) {
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& h) { fn(h.datastore); });
    edit.Change<vim::ComputeResource>(ComputeResourceRef(), [&](vim::ComputeResource& c) { fn(c.datastore); });
    edit.Change<vim::Datacenter>(DatacenterRef(), [&](vim::Datacenter& d) { fn(d.datastore); });
    edit.Change<vim::HostDatastoreSystem>(DatastoreSystemRef(), [&](vim::HostDatastoreSystem& s) { fn(s.datastore); });
    edit.Change<vim::HostDatastoreBrowser>(HostBrowserRef(), [&](vim::HostDatastoreBrowser& b) { fn(b.datastore); });
    edit.Change<vim::Folder>(DatastoreFolderRef(), [&](vim::Folder& f) { fn(f.child_entity); });
}

}  // namespace

std::string DatastoreUrl(std::string_view id) { return base::Cat("ds:///vmfs/volumes/", id, "/"); }
std::string DatastorePath(std::string_view id) { return base::Cat("/vmfs/volumes/", id); }

base::Result<DatastoreFacts> LookAtDatastore(const platform::MachineFacts& machine, const std::string& folder,
                                             std::string name) {
    TRY(id, platform::VolumeId(folder));
    TRY(volume, platform::ReadVolume(folder));
    const auto unit = UnitOfDevice(machine, volume.device);
    return DatastoreFacts{id, std::move(name), volume, unit};
}

std::vector<vim::Ptr<vim::FileQuery>> BrowsableFiles() {
    return {vim::FolderFileQuery{},   vim::IsoImageFileQuery{},       vim::FloppyImageFileQuery{},
            vim::VmConfigFileQuery{}, vim::TemplateConfigFileQuery{}, vim::VmDiskFileQuery{},
            vim::VmLogFileQuery{},    vim::VmNvramFileQuery{},        vim::VmSnapshotFileQuery{}};
}

void AddDatastore(inventory::Edit& edit, const DatastoreFacts& facts) {
    const auto ref = DatastoreRef(facts.id);
    if (!edit.Get<vim::Datastore>(ref)) {
        vim::Datastore d;
        d.self = ref;
        d.parent = DatastoreFolderRef();
        d.browser = DatastoreBrowserRef(facts.id);
        FillDatastore(d, facts);
        edit.Add(std::move(d));
        vim::HostDatastoreBrowser b;
        b.self = DatastoreBrowserRef(facts.id);
        b.datastore = {ref};
        b.supported_type = BrowsableFiles();
        edit.Add(std::move(b));
    } else {
        edit.Change<vim::Datastore>(ref, [&](vim::Datastore& d) { FillDatastore(d, facts); });
    }
    ChangeLists(edit, [&](std::vector<vim::Ref>& list) { AddOnce(list, ref); });
    SetVolume(edit, facts);
}

void RemoveDatastore(inventory::Edit& edit, const vim::Ref& datastore) {
    ChangeLists(edit, [&](std::vector<vim::Ref>& list) { std::erase(list, datastore); });
    ChangeVolumes(edit, [&](vim::HostFileSystemVolumeInfo& info) {
        std::erase_if(info.mount_info, [&](const auto& m) { return IsVolume(m, datastore.id); });
    });
    edit.Remove(DatastoreBrowserRef(datastore.id));
    edit.Remove(datastore);
}

void RenameDatastore(inventory::Edit& edit, const vim::Ref& datastore, const std::string& name) {
    edit.Change<vim::Datastore>(datastore, [&](vim::Datastore& d) {
        d.name = name;
        d.summary.Mut().name = name;
        auto info = d.info.Cast<vim::VmfsDatastoreInfo>();
        info.Mut().name = name;
        info.Mut().vmfs.Mut().name = name;
        d.info = info;
    });
    ChangeVolumes(edit, [&](vim::HostFileSystemVolumeInfo& volumes) {
        for (auto& m : volumes.mount_info)
            if (IsVolume(m, datastore.id)) m.Mut().volume.Mut().name = name;
    });
}

void RefreshDatastore(inventory::Edit& edit, const vim::Ref& datastore, const platform::Volume& volume, base::Time now,
                      std::int64_t step) {
    auto* have = edit.Get<vim::Datastore>(datastore);
    if (!have) return;
    const bool same =
        have->summary->capacity == volume.capacity && std::llabs(have->summary->free_space - volume.free) <= step;
    if (same && step > 0) return;
    edit.Change<vim::Datastore>(datastore, [&](vim::Datastore& d) {
        auto& summary = d.summary.Mut();
        summary.capacity = volume.capacity;
        summary.free_space = volume.free;
        auto info = d.info;
        info.Mut().free_space = volume.free;
        info.Mut().timestamp = now;
        d.info = info;
    });
}

void SetDatastoreAccessible(inventory::Edit& edit, const vim::Ref& datastore, bool accessible) {
    edit.Change<vim::Datastore>(datastore, [&](vim::Datastore& d) {
        d.summary.Mut().accessible = accessible;
        d.overall_status = accessible ? vim::ManagedEntityStatus::kGreen : vim::ManagedEntityStatus::kRed;
        for (auto& mount : d.host) mount.Mut().mount_info.Mut().accessible = accessible;
    });
}

}  // namespace host
