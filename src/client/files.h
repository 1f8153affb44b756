// Files of a server's datastores over HTTPS, in parts: GET with a range, PUT with one.
#pragma once

#include <string>

#include "client/session.h"

namespace client {

// "[store] folder/x.vmdk" in pieces.
struct StoragePath {
    std::string datastore, path;
    static base::Result<StoragePath> Parse(std::string_view text);
};

class Files {
public:
    // One connection of its own, with the session's cookie. `datacenter` as dcPath wants it.
    Files(const Session& session, std::string datacenter, std::string datastore);

    // Exactly `length` bytes from `offset`. kNotFound, kDenied, kInvalid: the file is shorter.
    rt::Co<base::Result<std::string>> Read(std::string path, std::int64_t offset, std::int64_t length);
    // Into a file of `total` bytes that is there already.
    rt::Co<base::Result<>> Write(std::string path, std::int64_t offset, std::string bytes, std::int64_t total);

private:
    rt::Co<base::Result<net::ClientAnswer>> Ask(net::ClientRequest request);
    std::string Target(const std::string& path) const;

    net::ClientOptions server_;
    std::string cookie_, query_;
    std::unique_ptr<net::HttpsClient> http_;
};

}  // namespace client
