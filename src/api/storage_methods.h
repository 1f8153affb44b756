// FileManager, HostDatastoreBrowser, VirtualDiskManager and what a Datastore does.
#pragma once

#include "api/dispatch.h"
#include "host/mounted.h"
#include "storage/disks.h"
#include "storage/files.h"
#include "storage/search.h"

namespace api {

struct StorageParts {
    storage::Files& files;
    storage::Browsing& browsing;
    storage::Disks& disks;
    host::Mounted& mounted;
};

void ServeStorage(Dispatch& dispatch, StorageParts parts);

}  // namespace api
