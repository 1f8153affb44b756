// Bytes both ways: what a console of a VM looks like to whoever shows it. One reader and one
// writer at a time. Whoever waits is woken with an error by Close(), from any side.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "rt/co.h"

namespace rt {

class ByteStream {
public:
    virtual ~ByteStream() = default;
    virtual Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) = 0;   // 0: the other side ended
    virtual Co<base::Result<>> Write(std::string bytes) = 0;
    virtual void Close() = 0;
};
// Shared, since its reader and its writer are two coroutines.
using ByteStreamPtr = std::shared_ptr<ByteStream>;

}  // namespace rt
