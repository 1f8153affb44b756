// Datastores: a folder on a local file system, shown as a VMFS volume, since that is
// the kind that clients put VMs and pools on.
//
// Everything that mentions a datastore (its folder, the host, the data centre, the list
// of mounted volumes) is changed in one Edit, so nobody ever sees half of it.
#pragma once

#include <string>

#include "base/result.h"
#include "inventory/inventory.h"
#include "platform/machine.h"
#include "platform/volume.h"
#include "vim/gen/storage.h"

namespace host {

// What VolumeId() and ReadVolume() said about a folder, with the name it gets.
struct DatastoreFacts {
    std::string id;                    // VMFS form; the datastore's managed object id
    std::string name;                  // "datastore1"
    platform::Volume volume;
    std::string unit;                  // the disk it lies on, see UnitOfDevice()
};

// Looks at the folder (blocks: reads and perhaps makes its identity file).
base::Result<DatastoreFacts> LookAtDatastore(const platform::MachineFacts& machine, const std::string& folder,
                                             std::string name);

// Adds it, or makes what is there true again.
void AddDatastore(inventory::Edit& edit, const DatastoreFacts& facts);
void RemoveDatastore(inventory::Edit& edit, const vim::Ref& datastore);
void RenameDatastore(inventory::Edit& edit, const vim::Ref& datastore, const std::string& name);

// New room; touches only what changed by more than `step` bytes, so that a busy guest
// does not wake every client each time. An explicit refresh takes step 0.
void RefreshDatastore(inventory::Edit& edit, const vim::Ref& datastore, const platform::Volume& volume, base::Time now,
                      std::int64_t step = 0);

// The folder is gone, or back: nothing can be placed on it meanwhile.
void SetDatastoreAccessible(inventory::Edit& edit, const vim::Ref& datastore, bool accessible);

// The kinds of file that every datastore browser can look for.
std::vector<vim::Ptr<vim::FileQuery>> BrowsableFiles();

std::string DatastoreUrl(std::string_view id);      // "ds:///vmfs/volumes/<id>/"
std::string DatastorePath(std::string_view id);     // "/vmfs/volumes/<id>": as clients see it

}  // namespace host
