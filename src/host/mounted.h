// The datastores of this host and the folders behind them: looks at them, keeps their
// room true in the inventory, and tells where each lies.
//
// Nothing polls for room: whoever wrote a lot, or was asked to, calls Refresh().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/datastores.h"
#include "rt/pool.h"
#include "vim/fault.h"

namespace host {

struct MountedDatastore {
    vim::Ref datastore;
    std::string name, id;
    std::string folder;                // absolute, of this machine
    bool accessible = true;
};

class Mounted {
public:
    Mounted(inventory::Inventory& inventory, rt::Pool& pool, const base::Clock& clock,
            const platform::MachineFacts& machine)
        : inventory_(inventory), pool_(pool), clock_(clock), machine_(machine) {}

    // Makes the folder a datastore of this name. kExists when either is one already.
    rt::Co<base::Result<vim::Ref>> Add(std::string folder, std::string name);
    // The same at start, when nobody is served yet: blocks, and leaves the commit to the caller. `id`: what
    // the datastore of that folder is known by. One that is not mounted is there, but inaccessible.
    base::Result<vim::Ref> AddAtStart(inventory::Edit& edit, const std::string& folder, const std::string& name,
                                      const std::string& id = {});
    void Remove(const vim::Ref& datastore);
    // InvalidName, DuplicateName.
    vim::Result<> CheckName(const vim::Ref& datastore, const std::string& name) const;
    vim::Result<> Rename(const vim::Ref& datastore, const std::string& name);

    // Whether it is there, as clients see it from now on.
    rt::Co<bool> LookFor(vim::Ref datastore);
    // Reads all about it again, after it was away.
    rt::Co<vim::Result<>> Renew(vim::Ref datastore);
    // Reads the room again. `step`: see RefreshDatastore().
    rt::Co<vim::Result<>> Refresh(vim::Ref datastore, std::int64_t step = 0);

    std::optional<MountedDatastore> ByName(std::string_view name_or_id) const;
    std::optional<MountedDatastore> ByRef(const vim::Ref& datastore) const;
    const std::vector<MountedDatastore>& all() const { return all_; }

private:
    base::Result<vim::Ref> Accept(inventory::Edit& edit, const DatastoreFacts& facts, const std::string& folder);
    void SetAccessible(MountedDatastore& mounted, bool accessible);
    MountedDatastore* Find(const vim::Ref& datastore);

    inventory::Inventory& inventory_;
    rt::Pool& pool_;
    const base::Clock& clock_;
    const platform::MachineFacts& machine_;
    std::vector<MountedDatastore> all_;
};

}  // namespace host
