// FileManager, HostDatastoreBrowser, VirtualDiskManager and what a Datastore does.
#pragma once

#include "api/dispatch.h"
#include "host/mounted.h"
#include "storage/datastore_names.h"
#include "storage/disk_care.h"
#include "storage/disks.h"
#include "storage/files.h"
#include "storage/search.h"

namespace api {

struct StorageParts {
    storage::Files& files;
    storage::Browsing& browsing;
    storage::Disks& disks;
    storage::DiskCare& care;
    host::Mounted& mounted;
    storage::DatastoreNames& names;
};

void ServeStorage(Dispatch& dispatch, StorageParts parts);

}  // namespace api
