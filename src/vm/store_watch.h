// Datastores that go and come back while the host runs: whose machines they are is told at once.
//
// A guest that runs goes on with the files that it has open, and may be powered off. All else is
// refused until the datastore is there again; then each machine is read anew.
#pragma once

#include <set>

#include "host/mounted.h"
#include "vm/context.h"

namespace vm {

class StoreWatch {
public:
    StoreWatch(Context& context, host::Mounted& mounted) : c_(context), mounted_(mounted) {}

    // Looks whenever a file system was mounted or unmounted, or a folder of a datastore came or went.
    rt::Co<void> Run();

private:
    rt::Co<void> Look(host::MountedDatastore mounted);
    rt::Co<void> LookAtAll();
    void Lose(const host::MountedDatastore& mounted);
    rt::Co<void> Regain(host::MountedDatastore mounted);
    std::vector<vim::Ref> MachinesOn(const vim::Ref& datastore) const;

    Context& c_;
    host::Mounted& mounted_;
    std::set<std::string> gone_;                         // ids of datastores
};

}  // namespace vm
