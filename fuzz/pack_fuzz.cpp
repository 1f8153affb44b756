// Any bytes that a damaged database may give back as a packed object: no crash, no hang,
// and what was read packs to something that reads as the same.
#include <cstdint>
#include <cstdlib>

#include "vim/pack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto object = vim::Unpack(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!object) return 0;
    auto bytes = vim::Pack(*object);
    auto again = vim::Unpack(bytes);
    // Compared as bytes: a NaN is not equal to itself.
    if (!again || vim::Pack(*again) != bytes) std::abort();
    return 0;
}
