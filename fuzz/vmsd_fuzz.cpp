// Any bytes as a .vmsd file: no crash, a tree that is one, and what we write we read back.
#include <cstdint>
#include <cstdlib>

#include "codec/vmsd.h"

static void Require(bool holds) {
    if (!holds) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto vmsd = codec::Vmsd::Parse({reinterpret_cast<const char*>(data), size});
    if (!vmsd) return 0;
    for (const auto& snapshot : vmsd->snapshots)
        for (auto at = &snapshot; at->parent; at = vmsd->Find(at->parent)) Require(vmsd->Find(at->parent));
    auto text = vmsd->Text();
    if (text.size() > (1 << 20)) return 0;
    auto again = codec::Vmsd::Parse(text);
    Require(bool(again));
    Require(*again == *vmsd);
    return 0;
}
