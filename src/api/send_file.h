// A file, or a range of it, as the answer to a GET or HEAD.
#pragma once

#include "net/http.h"
#include "rt/fd.h"
#include "rt/pool.h"

namespace api {

// `headers` go out with it. Reads on the pool, whatever size the file has.
rt::Co<void> SendFile(net::Exchange& exchange, rt::Pool& pool, rt::Fd file, std::vector<net::Header> headers);

}  // namespace api
