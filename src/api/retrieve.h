// RetrieveProperties and its paged form: one look at the inventory, no memory of it but
// what a token still has to deliver.
#pragma once

#include "api/contents.h"
#include "api/session_state.h"

namespace api {

// What a token stands for: objects selected in one snapshot, still to be answered.
struct SessionState::Rest {
    inventory::SnapshotPtr now;
    std::vector<std::shared_ptr<const Selection>> selections;
    std::vector<std::pair<inventory::Node, const Selection*>> objects;
    std::size_t next = 0;
    std::size_t page = 0;
};

// Everything at once.
rt::Co<vim::Result<std::vector<vim::Ptr<vim::ObjectContent>>>> RetrieveAll(
    Call& call, const Computed& computed, std::vector<vim::Ptr<vim::PropertyFilterSpec>> specs);

// The first page (all, when `page` is unset), and the next one of a token.
rt::Co<vim::Result<vim::Ptr<vim::RetrieveResult>>> RetrievePage(Call& call, const Computed& computed,
                                                                std::vector<vim::Ptr<vim::PropertyFilterSpec>> specs,
                                                                std::optional<int> page);
rt::Co<vim::Result<vim::Ptr<vim::RetrieveResult>>> ContinuePage(Call& call, const Computed& computed,
                                                                std::string token);

}  // namespace api
