// Files over HTTP: /folder, the files of datastores, and /host, the host's own logs and
// settings, for whoever may.
#pragma once

#include "access/openings.h"
#include "api/site.h"
#include "api/visitor.h"
#include "inventory/inventory.h"
#include "rt/pool.h"
#include "vm/datastore_path.h"
#include "vm/flat_disk.h"

namespace api {

// A file of the host by the short name that people know it by. Secrets are not listed.
struct HostFile {
    std::string name, path;
    std::string_view privilege;                    // on the host, to read it
};

struct FileParts {
    rt::Pool& pool;
    auth::Sessions& sessions;
    auth::Logins& logins;
    auth::Authorization& authorization;
    const auth::GateState& gate;
    auth::Openings& openings;
    inventory::Inventory& inventory;
    const vm::Volumes& volumes;
    std::vector<HostFile> host_files;
    // A datastore has less room, or more, than it had.
    std::function<rt::Co<void>(vim::Ref datastore)> changed;
    vm::FlatDisks* disks = nullptr;                // null: snapshots' disks are not read, nor parts of disks written
};

// Adds /folder and /host to the site.
void ServeFiles(Site& site, FileParts parts);

}  // namespace api
