// What a datastore browser finds: files and folders by name and by kind, with as much
// about them as was asked for.
#pragma once

#include "storage/parts.h"
#include "vim/gen/storage.h"

namespace storage {

using SearchResults = std::vector<vim::Ptr<vim::HostDatastoreBrowserSearchResults>>;

// One folder, or it and all below it. Blocks.
base::Result<SearchResults> Search(const vm::Located& place, const vim::Ptr<vim::HostDatastoreBrowserSearchSpec>& spec,
                                   bool below);

// The same as a task. `browser` may look into its own datastores only.
class Browsing {
public:
    explicit Browsing(Parts parts) : parts_(std::move(parts)) {}
    rt::Co<vim::Result<vim::Ref>> Start(Caller caller, vim::Ref browser, std::string path,
                                        vim::Ptr<vim::HostDatastoreBrowserSearchSpec> spec, bool below,
                                        const vim::Method& method);

private:
    rt::Co<vim::Result<vim::Any>> Run(vm::Located place, vim::Ptr<vim::HostDatastoreBrowserSearchSpec> spec,
                                      bool below);
    Parts parts_;
};

}  // namespace storage
