// Any bytes as a stream-optimised disk, in pieces: no crash, never a grain outside of the disk
// or behind a later one, and one and the same verdict whatever the pieces are.
#include <cstdint>
#include <cstdlib>

#include "codec/vmdk_stream.h"

static void Require(bool holds) {
    if (!holds) std::abort();
}

static bool Read(std::string_view bytes, std::size_t piece) {
    constexpr std::uint64_t kCapacity = 64 << 20;
    std::uint64_t next = 0;
    codec::VmdkStreamReader reader(kCapacity, [&](std::uint64_t at, std::string_view grain) -> base::Result<> {
        Require(at >= next && at + grain.size() <= kCapacity);
        next = at + grain.size();
        return {};
    });
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
        if (!reader.Feed(bytes.substr(0, piece))) return false;
    return bool(reader.Finish());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes{reinterpret_cast<const char*>(data), size};
    bool whole = Read(bytes, size + 1);
    Require(Read(bytes, 1000) == whole);
    return 0;
}
