// /host: the host's own logs and settings, by their short names.
#pragma once

#include "api/folder.h"

namespace api {

rt::Co<void> ServeHostFile(net::Exchange& exchange, const FileParts& parts, Visitor visitor);

}  // namespace api
