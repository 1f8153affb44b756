#include "storage/disks.h"

#include "base/ids.h"
#include "base/text.h"
#include "host/capability.h"
#include "storage/disk_links.h"
#include "storage/disk_task.h"
#include "storage/disk_text.h"
#include "vm/disk_files.h"
#include "vm/in_use.h"

namespace storage {

static std::string FilesOf(const vm::DatastorePath& disk) {
    return base::Cat(disk.Text(), '\n', vm::FlatOf(disk.Text()));
}

Disks::Disks(Parts parts) : parts_(std::move(parts)) {
    for (const char* id : {"createVirtualDisk", "copyVirtualDisk"})
        parts_.tasks.OnResume(base::Cat("VirtualDiskManager.", id),
                              [this](task::Unfinished left, task::Progress&) { return Undo(std::move(left)); });
    parts_.tasks.OnResume("VirtualDiskManager.deleteVirtualDisk",
                          [this](task::Unfinished left, task::Progress&) { return ResumeDelete(std::move(left)); });
    parts_.tasks.OnResume("VirtualDiskManager.moveVirtualDisk",
                          [this](task::Unfinished left, task::Progress&) { return ResumeMove(std::move(left)); });
    parts_.tasks.OnResume("VirtualDiskManager.extendVirtualDisk", [this](task::Unfinished left, task::Progress& p) {
        return ResumeExtend(std::move(left), p);
    });
    const std::pair<const char*, Fill> fills[] = {{"inflateVirtualDisk", Fill::kInflate},
                                                  {"eagerZeroVirtualDisk", Fill::kEagerZero},
                                                  {"zeroFillVirtualDisk", Fill::kZeroAll}};
    for (const auto& [id, fill] : fills)
        parts_.tasks.OnResume(base::Cat("VirtualDiskManager.", id),
                              [this, fill = fill](task::Unfinished left, task::Progress& p) {
                                  return ResumeFill(std::move(left), fill, p);
                              });
}

rt::Co<Disks::Any> Disks::Undo(task::Unfinished left) {
    auto undo = [volumes = parts_.volumes.Now(), paths = left.begun] { return RemoveMade(volumes, paths), 0; };
    co_await parts_.pool.Run(std::move(undo));
    co_return CutOff(left.begun.substr(0, left.begun.find('\n')));
}

// The descriptor goes last: while it is there, so is work.
rt::Co<Disks::Any> Disks::ResumeDelete(task::Unfinished left) {
    CO_TRY(place, vm::Locate(parts_.volumes.Now(), left.begun));
    auto removed = co_await RunDelete(place);
    if (!removed && !removed.error().As<vim::FileNotFound>()) co_return std::move(removed).error();
    co_return vim::Any();
}

// All of these may be done twice.
rt::Co<Disks::Any> Disks::ResumeExtend(task::Unfinished left, task::Progress& progress) {
    auto lines = base::Split(left.begun, '\n');
    auto kb = lines.size() == 3 ? base::ToInt(lines[1]) : std::nullopt;
    if (!kb) co_return CutOff(left.begun);
    CO_TRY(place, vm::Locate(parts_.volumes.Now(), lines[0]));
    bool eager = lines[2] == "eager";
    co_return co_await RunExtend(place, *kb, eager, progress);
}

rt::Co<Disks::Any> Disks::ResumeFill(task::Unfinished left, Fill fill, task::Progress& progress) {
    CO_TRY(place, vm::Locate(parts_.volumes.Now(), left.begun));
    co_return co_await RunFill(place, fill, progress);
}

vim::Result<Disks::Form> Disks::FormOf(const vim::VirtualDiskSpec& spec) {
    Form form;
    form.adapter = base::Lower(spec.adapter_type);
    if (form.adapter != "ide" && form.adapter != "buslogic" && form.adapter != "lsilogic")
        return vim::Fault(
            vim::InvalidArgument("spec.adapterType"),
            base::Cat("\"", spec.adapter_type, "\" is no adapter for a disk: say busLogic, lsiLogic or ide"));
    form.thin = spec.disk_type == "thin";
    form.eager = spec.disk_type == "eagerZeroedThick";
    if (!form.thin && !form.eager && spec.disk_type != "preallocated" && spec.disk_type != "thick")
        return vim::Fault(vim::InvalidArgument("spec.diskType"),
                          base::Cat("disks of type \"", spec.disk_type,
                                    "\" are not made here: say thin, preallocated or eagerZeroedThick"));
    return form;
}

// Also of its extent, and in a folder that is there.
rt::Co<vim::Result<>> Disks::MustBeNew(vm::Located place) {
    auto look = [place]() -> base::Result<> {
        TRY(root, RootOf(place.volume));
        CHECK(root.OpenFolder(place.path.Folder().path));
        for (const std::string& path : {place.path.path, vm::FlatOf(place.path.path)}) {
            auto there = root.Look(path);
            if (there) return base::Error{base::Code::kExists, root.Text(path) + " exists already"};
            if (there.error().code != base::Code::kNotFound) return std::move(there).error();
        }
        return {};
    };
    co_return AtPlace(co_await parts_.pool.Run(std::move(look)), place.path);
}

rt::Co<vim::Result<codec::VmdkDescriptor>> Disks::Read(vm::Located place) {
    auto read = [place]() -> base::Result<codec::VmdkDescriptor> {
        TRY(root, RootOf(place.volume));
        TRY(link, ReadLink(root, place.path.path));
        return link.text;
    };
    co_return AtPlace(co_await parts_.pool.Run(std::move(read)), place.path);
}

static vim::Result<> CheckCapacity(std::int64_t capacity_kb, std::int64_t above) {
    constexpr std::int64_t kMostKb = host::kMaxDiskBytes / 1024;
    if (capacity_kb > above && capacity_kb <= kMostKb) return {};
    return vim::Fault(
        vim::InvalidArgument("capacityKb"),
        base::Cat("a capacity of ", capacity_kb, " KiB is not possible: more than ", above, " and at most ", kMostKb));
}

Disks::Started Disks::Create(Caller caller, std::string name, vim::Ptr<vim::VirtualDiskSpec> spec,
                             const vim::Method& method) {
    const auto* backed = spec.As<vim::FileBackedVirtualDiskSpec>();
    if (spec.As<vim::DeviceBackedVirtualDiskSpec>())
        co_return vim::Fault(vim::InvalidArgument("spec"),
                             "this host has no raw device mappings: a disk is made in files of a datastore, so send a "
                             "FileBackedVirtualDiskSpec");
    if (!backed || spec.As<vim::SeSparseVirtualDiskSpec>())
        co_return vim::Fault(vim::InvalidArgument("spec"),
                             "disks of this host are thin, preallocated or eagerZeroedThick: send a "
                             "FileBackedVirtualDiskSpec that says which");
    CO_TRY(form, FormOf(*backed));
    CO_TRY(place, DiskToChange(parts_, caller, name));
    std::int64_t capacity_kb = backed->capacity_kb;
    CO_CHECK(CheckCapacity(capacity_kb, 0));
    CO_CHECK(co_await MustBeNew(place));
    task::Work work = [this, place, form, capacity_kb](task::Progress& p) {
        return RunCreate(place, form, capacity_kb, p);
    };
    co_return co_await BeginDiskTask(parts_, caller, place, method, FilesOf(place.path), std::move(work));
}

Disks::Started Disks::Delete(Caller caller, std::string name, const vim::Method& method) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    CO_CHECK(co_await Read(place));
    task::Work work = [this, place](task::Progress&) { return RunDelete(place); };
    co_return co_await BeginDiskTask(parts_, caller, place, method, place.path.Text(), std::move(work));
}

Disks::Started Disks::Copy(Caller caller, std::string from, std::string to, vim::Ptr<vim::VirtualDiskSpec> spec,
                           bool force, const vim::Method& method) {
    Way way;
    way.force = force;
    if (spec) {
        CO_TRY(form, FormOf(*spec));
        way.form = form;
    }
    CO_TRY(source, Find(parts_.volumes, from, caller, kBrowse));
    CO_TRY(target, DiskToChange(parts_, caller, to));
    if (source.path == target.path)
        co_return vim::Fault(vim::FileAlreadyExists(to), "a disk cannot be copied onto itself");
    CO_CHECK(vm::CheckUnused(*parts_.inventory.Now(), source.path));
    CO_CHECK(co_await Read(source));
    if (!force) CO_CHECK(co_await MustBeNew(target));
    way.from = std::move(source);
    way.to = target;
    task::Work work = [this, way](task::Progress& p) { return RunCopy(way, p); };
    co_return co_await BeginDiskTask(parts_, caller, target, method, force ? std::string() : FilesOf(target.path),
                                     std::move(work));
}

Disks::Started Disks::Move(Caller caller, std::string from, std::string to, bool force, const vim::Method& method) {
    CO_TRY(source, DiskToChange(parts_, caller, from));
    CO_TRY(target, DiskToChange(parts_, caller, to));
    if (source.path == target.path) co_return vim::Fault(vim::FileAlreadyExists(to), "that is the disk's name already");
    CO_CHECK(co_await Read(source));
    if (!force) CO_CHECK(co_await MustBeNew(target));
    std::string both = base::Cat(source.path.Text(), '\n', target.path.Text());
    Way way{std::move(source), target, std::nullopt, force};
    task::Work work = [this, way](task::Progress& p) { return RunMove(way, p); };
    co_return co_await BeginDiskTask(parts_, caller, target, method, std::move(both), std::move(work));
}

Disks::Started Disks::Extend(Caller caller, std::string name, std::int64_t capacity_kb, bool eager,
                             const vim::Method& method) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    CO_TRY(disk, co_await Read(place));
    CO_CHECK(CheckCapacity(capacity_kb, static_cast<std::int64_t>(disk.Sectors() / 2)));
    task::Work work = [this, place, capacity_kb, eager](task::Progress& p) {
        return RunExtend(place, capacity_kb, eager, p);
    };
    std::string state = base::Cat(place.path.Text(), '\n', capacity_kb, '\n', eager ? "eager" : "");
    co_return co_await BeginDiskTask(parts_, caller, place, method, std::move(state), std::move(work));
}

Disks::Started Disks::FillUp(Caller caller, std::string name, Fill fill, const vim::Method& method) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    CO_CHECK(co_await Read(place));
    task::Work work = [this, place, fill](task::Progress& p) { return RunFill(place, fill, p); };
    co_return co_await BeginDiskTask(parts_, caller, place, method, place.path.Text(), std::move(work));
}

rt::Co<vim::Result<std::string>> Disks::Uuid(Caller caller, std::string name) {
    CO_TRY(place, Find(parts_.volumes, name, caller, kBrowse));
    CO_TRY(disk, co_await Read(place));
    co_return disk.Ddb("uuid");
}

rt::Co<vim::Result<>> Disks::SetUuid(Caller caller, std::string name, std::string uuid) {
    CO_TRY(place, DiskToChange(parts_, caller, name));
    if (!base::NormalUuid(uuid))
        co_return vim::Fault(vim::InvalidArgument("uuid"), base::Cat("\"", uuid, "\" is no uuid"));
    auto set = [place, uuid]() -> base::Result<> {
        TRY(root, RootOf(place.volume));
        TRY(disk, ReadDisk(root, place.path.path));
        disk.SetDdb("uuid", uuid);
        return WriteDisk(root, place.path.path, disk, true);
    };
    co_return AtPlace(co_await parts_.pool.Run(std::move(set)), place.path);
}

rt::Co<vim::Result<vim::Ptr<vim::HostDiskDimensionsChs>>> Disks::Geometry(Caller caller, std::string name) {
    CO_TRY(place, Find(parts_.volumes, name, caller, kBrowse));
    CO_TRY(disk, co_await Read(place));
    codec::DiskGeometry usual = codec::GeometryFor(disk.Sectors(), disk.Ddb("adapterType", "lsilogic"));
    auto number = [&](const char* key, std::int64_t fallback) { return base::ToInt(disk.Ddb(key)).value_or(fallback); };
    vim::HostDiskDimensionsChs out;
    out.cylinder = number("geometry.cylinders", static_cast<std::int64_t>(usual.cylinders));
    out.head = static_cast<std::int32_t>(number("geometry.heads", usual.heads));
    out.sector = static_cast<std::int32_t>(number("geometry.sectors", usual.sectors));
    co_return vim::Ptr<vim::HostDiskDimensionsChs>(std::move(out));
}

}  // namespace storage
