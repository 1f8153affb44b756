// One NBD connection to a QEMU of ours, by libnbd. Blocks: call it from a pool. What comes
// back is checked by libnbd and once more here: QEMU may be in the hands of its guest.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "rt/fd.h"

struct nbd_handle;

namespace backend::qemu {

class NbdClient {
public:
    struct Extent {
        std::int64_t length = 0;
        std::uint32_t flags = 0;
    };
    static constexpr std::uint32_t kHole = 1, kZero = 2;        // of kAllocation
    static constexpr std::uint32_t kDirty = 1;                  // of a dirty bitmap
    static constexpr const char* kAllocation = "base:allocation";

    // `socket` is connected. `context`: what Extents() is to tell of; "" : nothing.
    static base::Result<std::unique_ptr<NbdClient>> Open(rt::Fd socket, const std::string& name,
                                                         const std::string& context);
    NbdClient(const NbdClient&) = delete;
    ~NbdClient();

    std::int64_t size() const { return size_; }
    base::Result<> Read(std::int64_t offset, std::span<char> into);
    base::Result<> Write(std::int64_t offset, std::string_view bytes);
    base::Result<> Zero(std::int64_t offset, std::int64_t length);
    base::Result<> Flush();
    // At least one, from `offset` on; together they may be shorter than `length`.
    base::Result<std::vector<Extent>> Extents(std::int64_t offset, std::int64_t length);

private:
    explicit NbdClient(nbd_handle* nbd) : nbd_(nbd) {}
    nbd_handle* nbd_;
    std::string context_;
    std::int64_t size_ = 0;
};

}  // namespace backend::qemu
