// VMs without files, for --sim: thousands of them in a moment. What they have in common is
// one object.
#include <cstdio>

#include "base/ids.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/placement.h"
#include "vm/lifecycle.h"

namespace vm {
namespace {

codec::Vmx Pattern(const std::string& network) {
    codec::Vmx vmx;
    for (auto [key, value] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{"virtualHW.version", "13"},
                                                                              {"guestOS", "debian10-64"},
                                                                              {"memsize", "1024"},
                                                                              {"numvcpus", "1"},
                                                                              {"scsi0.present", "TRUE"},
                                                                              {"scsi0.virtualDev", "pvscsi"},
                                                                              {"scsi0:0.present", "TRUE"},
                                                                              {"scsi0:0.deviceType", "scsi-hardDisk"},
                                                                              {"scsi0:0.fileName", "sim.vmdk"},
                                                                              {"ethernet0.present", "TRUE"},
                                                                              {"ethernet0.virtualDev", "vmxnet3"},
                                                                              {"ethernet0.addressType", "generated"}})
        vmx.Set(key, value);
    vmx.Set("ethernet0.networkName", network);
    return vmx;
}

std::string Numbered(const char* format, int number) {
    char buffer[48];
    std::snprintf(buffer, sizeof buffer, format, number);
    return buffer;
}

}  // namespace

void Lifecycle::Imagine(int count, const vim::Ref& datastore, const std::string& network) {
    VolumeList volumes = c_.volumes.Now();
    const Volume* volume = FindVolume(volumes, datastore);
    std::string store = volume ? volume->name : "datastore1";
    auto pattern = ReadConfig(Pattern(network), {store, "sim/sim.vmx"}, volumes);
    if (!pattern) return;
    base::Time now = c_.timer.Now();
    auto edit = c_.inventory.Begin();
    std::vector<vim::Ref> listed;
    for (int i = 1; i <= count; ++i) {
        std::string id = c_.registry.NewId(), name = Numbered("sim-%05d", i);
        DatastorePath vmx{store, base::Cat(name, '/', name, ".vmx")};
        Loaded loaded{
            .config = *pattern, .files = {}, .provisioned = 0, .suspended = false, .state_file = {}, .troubles = {}};
        Config& c = loaded.config;
        c.name = name;
        c.uuid = "564d0000-0000-4000-8000-" + Numbered("%012x", i);
        c.instance_uuid = "52000000-0000-4000-8000-" + Numbered("%012x", i);
        c.files.Mut().vm_path_name = vmx.Text();
        c.modified = now;
        c.change_version = base::FormatTime(now);
        for (Device& d : c.hardware.Mut().device) {
            if (d->type().IsA(vim::VirtualEthernetCard::kType))
                static_cast<vim::VirtualEthernetCard&>(d.Mut()).mac_address =
                    base::Cat("00:0c:29", Numbered(":%02x", i >> 16 & 255), Numbered(":%02x", i >> 8 & 255),
                              Numbered(":%02x", i & 255));
            if (d->type().IsA(vim::VirtualDisk::kType)) {
                auto& disk = static_cast<vim::VirtualDisk&>(d.Mut());
                disk.capacity_in_kb = 16 << 20;
                disk.capacity_in_bytes = 16ll << 30;
                static_cast<vim::VirtualDiskFlatVer2BackingInfo&>(disk.backing.Mut()).file_name =
                    vmx.WithSuffix(".vmx", ".vmdk").Text();
            }
        }
        vim::Ref ref{&Vm::kType, id};
        c_.records[id] = {.ref = ref, .vmx = std::move(vmx), .file = {}};
        Vm node = NewNode(ref, loaded, c_.options.host, now);
        node.layout = nullptr;                           // no files, no layout
        node.layout_ex = nullptr;
        node.parent = host::VmFolderRef();
        node.resource_pool = host::RootPoolRef();
        if (datastore) node.datastore.push_back(datastore);
        node.network = NetworksOf(c);
        edit.Add(std::move(node));
        listed.push_back(std::move(ref));
    }
    // The lists of their places at once: one by one would look at all before it each time.
    auto extend = [&](std::vector<vim::Ref>& list) { list.insert(list.end(), listed.begin(), listed.end()); };
    edit.Change<vim::Folder>(host::VmFolderRef(), [&](vim::Folder& f) { extend(f.child_entity); });
    edit.Change<vim::HostSystem>(host::HostRef(), [&](vim::HostSystem& h) { extend(h.vm); });
    edit.Change<vim::ResourcePool>(host::RootPoolRef(), [&](vim::ResourcePool& p) { extend(p.vm); });
    if (datastore) edit.Change<vim::Datastore>(datastore, [&](vim::Datastore& d) { extend(d.vm); });
    edit.Change<vim::Network>(host::NetworkRef(network), [&](vim::Network& n) { extend(n.vm); });
    edit.Commit();
}

}  // namespace vm
