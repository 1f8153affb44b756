// Any bytes for a picture from QEMU: no crash, and one that is taken has all its pixels.
#include <cstdlib>
#include <string_view>

#include "backend/qemu/ppm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto picture = backend::qemu::ParsePpm({reinterpret_cast<const char*>(data), size});
    if (picture && picture->rgb.size() != std::size_t(picture->width) * std::size_t(picture->height) * 3) std::abort();
    return 0;
}
