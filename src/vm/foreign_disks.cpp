#include "vm/foreign_disks.h"

#include <algorithm>

#include "codec/vmsd.h"
#include "rt/files.h"

namespace vm {
namespace {

constexpr std::size_t kMaxVmsdBytes = 4 << 20;

void Add(std::vector<DatastorePath>& out, const std::string& datastore_path) {
    auto path = DatastorePath::Parse(datastore_path);
    if (!path || path->path.empty() || !path->path.ends_with(".vmdk")) return;
    if (std::find(out.begin(), out.end(), *path) == out.end()) out.push_back(*std::move(path));
}

void AddSnapshots(const Home& home, std::vector<DatastorePath>& out) {
    std::string file = home.file.substr(0, home.file.rfind('.')) + ".vmsd";
    auto text = rt::ReadFile(file, kMaxVmsdBytes);
    auto list = text ? codec::Vmsd::Parse(*text) : base::Result<codec::Vmsd>(std::move(text).error());
    if (!list) return;
    for (const codec::VmsdSnapshot& snapshot : list->snapshots)
        for (const codec::VmsdDisk& disk : snapshot.disks)
            Add(out, ToDatastorePath(home.volumes, home.vmx.Folder(), disk.file));
}

}  // namespace

std::vector<DatastorePath> DisksOf(const Home& home) {
    std::vector<DatastorePath> out;
    auto vmx = ReadVmx(home.file);
    auto config = vmx ? ReadConfig(*vmx, home.vmx, home.volumes) : base::Result<Config>(std::move(vmx).error());
    if (!config) return out;             // whoever loads it says why
    for (const Device& device : config->hardware->device) {
        if (!device->type().IsA(vim::VirtualDisk::kType)) continue;
        auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>();
        if (file) Add(out, file->file_name);
    }
    AddSnapshots(home, out);
    return out;
}

static rt::Co<vim::Result<>> MakeOurs(Context& context, std::vector<DatastorePath> disks, task::Progress& progress) {
    auto made = co_await context.make_ours(std::move(disks), progress);
    if (!made) co_return std::move(made).error();
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> MakeDiskOurs(Context& context, DatastorePath disk, task::Progress& progress) {
    if (!context.make_ours || !disk.path.ends_with(".vmdk")) co_return vim::Result<>{};
    std::vector<DatastorePath> only{std::move(disk)};
    co_return co_await MakeOurs(context, std::move(only), progress);
}

rt::Co<vim::Result<>> MakeDisksOurs(Context& context, Home home, task::Progress& progress) {
    if (!context.make_ours || home.file.empty()) co_return vim::Result<>{};
    auto list = [home] { return DisksOf(home); };
    std::vector<DatastorePath> disks = co_await context.pool.Run(std::move(list));
    co_return co_await MakeOurs(context, std::move(disks), progress);
}

}  // namespace vm
