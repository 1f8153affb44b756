#include "backend/qemu/nbd_client.h"

#include <libnbd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"

namespace backend::qemu {
namespace {

base::Error Failed(std::string_view doing) {
    int number = nbd_get_errno();
    const char* words = nbd_get_error();
    base::Code code = number == ENOSPC                       ? base::Code::kNoSpace
                      : number == EINVAL || number == ERANGE ? base::Code::kInvalid
                      : number == EPERM || number == EACCES  ? base::Code::kDenied
                                                             : base::Code::kIo;
    return {code, base::Cat(doing, ": ", words ? words : "no reason given")};
}

struct Collected {
    const std::string* context;
    std::vector<NbdClient::Extent> extents;
};

int Collect(void* to, const char* context, std::uint64_t, std::uint32_t* entries, std::size_t count, int*) {
    auto& out = *static_cast<Collected*>(to);
    if (*out.context != context) return 0;
    for (std::size_t i = 0; i + 1 < count; i += 2) out.extents.push_back({entries[i], entries[i + 1]});
    return 0;
}

}  // namespace

NbdClient::~NbdClient() { nbd_close(nbd_); }

base::Result<std::unique_ptr<NbdClient>> NbdClient::Open(rt::Fd socket, const std::string& name,
                                                         const std::string& context) {
    nbd_handle* made = nbd_create();
    if (!made) return Failed("make an NBD handle");
    std::unique_ptr<NbdClient> client(new NbdClient(made));
    client->context_ = context;
    if (nbd_set_export_name(made, name.c_str()) < 0) return Failed("name the disk");
    if (!context.empty() && nbd_add_meta_context(made, context.c_str()) < 0)
        return Failed("ask for what is known of it");
    if (nbd_connect_socket(made, socket.Release()) < 0) return Failed("connect to the disk");
    client->size_ = nbd_get_size(made);
    if (client->size_ < 0) return Failed("ask for the size of the disk");
    if (!context.empty() && nbd_can_meta_context(made, context.c_str()) != 1)
        return base::Error{base::Code::kNotFound, base::Cat("QEMU keeps no ", context)};
    return client;
}

base::Result<> NbdClient::Read(std::int64_t offset, std::span<char> into) {
    if (nbd_pread(nbd_, into.data(), into.size(), static_cast<std::uint64_t>(offset), 0) < 0)
        return Failed("read the disk");
    return {};
}

base::Result<> NbdClient::Write(std::int64_t offset, std::string_view bytes) {
    if (nbd_pwrite(nbd_, bytes.data(), bytes.size(), static_cast<std::uint64_t>(offset), 0) < 0)
        return Failed("write the disk");
    return {};
}

base::Result<> NbdClient::Zero(std::int64_t offset, std::int64_t length) {
    constexpr std::int64_t kMost = 1 << 30;              // a length has 32 bits
    while (length > 0) {
        std::int64_t now = std::min(length, kMost);
        if (nbd_zero(nbd_, static_cast<std::uint64_t>(now), static_cast<std::uint64_t>(offset), 0) < 0)
            return Failed("write zeros to the disk");
        offset += now;
        length -= now;
    }
    return {};
}

base::Result<> NbdClient::Flush() {
    if (nbd_flush(nbd_, 0) < 0) return Failed("write the disk out");
    return {};
}

base::Result<std::vector<NbdClient::Extent>> NbdClient::Extents(std::int64_t offset, std::int64_t length) {
    constexpr std::int64_t kMost = 2ll << 30;
    Collected out{&context_, {}};
    nbd_extent_callback callback{.callback = Collect, .user_data = &out, .free = nullptr};
    if (nbd_block_status(nbd_, static_cast<std::uint64_t>(std::min(length, kMost)), static_cast<std::uint64_t>(offset),
                         callback, 0) < 0)
        return Failed("ask what the disk holds");
    if (out.extents.empty() || out.extents.front().length <= 0)
        return base::Error{base::Code::kInternal, "the disk does not say what it holds"};
    return std::move(out.extents);
}

}  // namespace backend::qemu
