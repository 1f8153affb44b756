#include "storage/disk_task.h"

#include "base/text.h"
#include "vm/in_use.h"

namespace storage {

vim::Result<vm::Located> DiskToChange(const Parts& parts, const Caller& caller, const std::string& name) {
    TRY(place, Find(parts.volumes, name, caller, kManage));
    if (!place.path.path.ends_with(".vmdk") || Root::Hidden(place.path.path)) {
        vim::InvalidDatastorePath fault;
        fault.datastore_path = name;
        return vim::Fault(std::move(fault), base::Cat("\"", name, "\" does not name a disk: its name ends in .vmdk"));
    }
    CHECK(vm::CheckUnused(*parts.inventory.Now(), place.path));
    return place;
}

rt::Co<vim::Result<vim::Ref>> BeginDiskTask(Parts parts, Caller caller, vm::Located place, const vim::Method& method,
                                            std::string state, task::Work work) {
    task::Spec spec{.entity = place.volume.datastore,
                    .method = &method,
                    .user = caller.user,
                    .cancelable = true,
                    .exclusive = false,
                    .durable = true,
                    .state = std::move(state)};
    co_return co_await parts.tasks.Start(std::move(spec), std::move(work));
}

rt::Co<void> TellChanged(Parts parts, vm::Located disk) {
    co_await parts.changed(disk.volume.datastore);
    if (parts.disk_changed) co_await parts.disk_changed(disk.path);
}

}  // namespace storage
