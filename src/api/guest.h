// GuestOperationsManager and its managers, and /guestFile, where the bytes of a transfer go.
#pragma once

#include <unordered_map>

#include "api/call.h"
#include "api/site.h"
#include "vm/machines.h"

namespace api {

class GuestFiles {
public:
    explicit GuestFiles(vm::Machines& machines, const base::Clock& clock) : machines_(machines), clock_(clock) {}

    // The URL at which a transfer is made, once, within ten minutes.
    std::string UrlFor(vm::GuestOps::Transfer transfer, const std::string& host);
    rt::Co<void> Handle(net::Exchange& exchange);

private:
    struct Entry {
        vm::GuestOps::Transfer transfer;
        base::Duration until{};
    };
    std::optional<vm::GuestOps::Transfer> Take(std::string_view token, bool upload);
    rt::Co<void> Download(net::Exchange& exchange, vm::GuestOps::Transfer transfer);
    rt::Co<void> Upload(net::Exchange& exchange, vm::GuestOps::Transfer transfer);

    vm::Machines& machines_;
    const base::Clock& clock_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace api
