// The names that datastores were given, kept over restarts. The folder of a datastore stays
// where it is; who has a path with the old name in it is told the new one.
//
//     [name]
//     datastore1 = fast           # folder = name
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

    // At start: the name of the datastore in that folder.
    static std::string NameOf(const std::string& file, const std::string& folder);

    rt::Co<vim::Result<>> Rename(vim::Ref datastore, std::string name, std::string user);

private:
    vim::Result<> CheckIdle(const vim::Ref& datastore, const std::string& name) const;
    rt::Co<base::Result<>> Keep(std::string folder, std::string name);
    rt::Co<vim::Result<>> KeepMachines(const host::MountedDatastore& datastore);
    rt::Co<void> TellMachines(std::string from, std::string to);

    Parts parts_;
    bool renaming_ = false;
};

}  // namespace storage
