// GuestOperationsManager and its managers, and /guestFile, where the bytes of a transfer go.
#pragma once

#include <unordered_map>

#include "access/openings.h"
#include "api/call.h"
#include "api/site.h"
#include "vm/machines.h"

namespace api {

class GuestFiles {
public:
    GuestFiles(vm::Machines& machines, const base::Clock& clock, auth::Openings& openings);
    GuestFiles(const GuestFiles&) = delete;

    // The URL at which a transfer is made, once, within ten minutes, by whoever has that standing.
    std::string UrlFor(vm::GuestOps::Transfer transfer, auth::Standing standing, const std::string& host);
    rt::Co<void> Handle(net::Exchange& exchange);

private:
    struct Entry {
        vm::GuestOps::Transfer transfer;
        auth::Standing standing;
        base::Duration until{};
    };
    std::optional<Entry> Take(std::string_view token, bool upload);
    auth::Openings::Hold Keep(net::Exchange& exchange, const Entry& entry, rt::ByteStreamPtr stream);
    rt::Co<void> Download(net::Exchange& exchange, Entry entry);
    rt::Co<void> Upload(net::Exchange& exchange, Entry entry);

    vm::Machines& machines_;
    const base::Clock& clock_;
    auth::Openings& openings_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace api
