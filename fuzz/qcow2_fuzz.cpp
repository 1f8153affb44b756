// Any bytes as the head of a qcow2 file: no crash, and numbers that can be true.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/qcow2.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    auto head = codec::ReadQcow2Header(bytes);
    if (head && (head->cluster_bits < 9 || head->cluster_bits > 21 || head->size > (1ull << 56))) std::abort();
    std::string renamed = bytes;
    bool fits = codec::RenameQcow2Backing(renamed, "web-flat.vmdk", "raw");
    if (renamed.size() != size || (!fits && renamed != bytes)) std::abort();
    return 0;
}
