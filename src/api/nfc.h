// /nfc/TICKET/NAME: the disks and files of a lease, up and down. The ticket is the right to
// it; no session is asked for, as clients send none.
#pragma once

#include <functional>

#include "api/site.h"
#include "vm/lease.h"

namespace api {

struct NfcParts {
    vm::Leases& leases;
    // A datastore has less room than it had.
    std::function<rt::Co<void>(vim::Ref datastore)> changed;
};

// Adds /nfc to the site.
void ServeNfc(Site& site, NfcParts parts);

}  // namespace api
