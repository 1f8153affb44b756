// The names that datastores were given, kept over restarts. The folder of a datastore stays
// where it is; who has a path with the old name in it is told the new one. Also what each that is
// mounted is known by, so that its empty mount point is not taken for a new one at start.
//
//     [name]
//     datastore1 = fast           # folder = name
//     [id]
//     datastore1 = 5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3
#pragma once

#include "event/events.h"
#include "host/mounted.h"
#include "store/config_file.h"
#include "task/tasks.h"
#include "vm/context.h"

namespace storage {

class DatastoreNames {
public:
    struct Parts {
        inventory::Inventory& inventory;
        host::Mounted& mounted;
        event::Events& events;
        rt::Pool& pool;
        vm::Context& machines;
        std::string file;
    };
    explicit DatastoreNames(Parts parts) : parts_(std::move(parts)) {}

    // At start: what is kept of the datastore in that folder.
    struct Kept {
        std::string name, id;                            // "": it was never seen
    };
    static Kept Read(const std::string& file, const std::string& folder);
    // Keeps it when it is not what was kept. Gives it back.
    static base::Result<vim::Ref> KeepId(const std::string& file, const std::string& folder, const std::string& kept,
                                         vim::Ref datastore);

    rt::Co<vim::Result<>> Rename(vim::Ref datastore, std::string name, std::string user);
    rt::Co<vim::Result<vim::Ref>> RenameByTask(vim::Ref datastore, std::string name, std::string user);

private:
    vim::Result<> CheckIdle(const vim::Ref& datastore, const std::string& name) const;
    rt::Co<base::Result<>> Keep(std::string folder, std::string name);
    rt::Co<vim::Result<>> KeepMachines(const host::MountedDatastore& datastore);
    rt::Co<void> TellMachines(std::string from, std::string to);

    Parts parts_;
    bool renaming_ = false;
};

}  // namespace storage
