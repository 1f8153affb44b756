// Ranges of a virtual disk over HTTP, where the disk is more than one file or is written.
#pragma once

#include "api/site.h"
#include "vm/flat_disk.h"

namespace api {

// Answers a GET or HEAD with the bytes of the disk, a range of them when one is asked for.
rt::Co<void> SendFlat(net::Exchange& exchange, std::shared_ptr<vm::FlatDisk> disk, std::vector<net::Header> headers);

// "bytes FROM-TO/SIZE" of a PUT; the size may be "*". nullopt: it is not of that form.
struct WrittenRange {
    std::int64_t from = 0, length = 0;
};
std::optional<WrittenRange> ReadContentRange(std::string_view header);
// The body of a PUT into that range of the disk, on the disk when this returns.
rt::Co<base::Result<>> ReceiveFlat(net::Exchange& exchange, std::shared_ptr<vm::FlatDisk> disk, WrittenRange range);

}  // namespace api
