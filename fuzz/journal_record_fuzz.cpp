// Any bytes a disk may give back for a journal: no crash, no hang, and what is read as
// good writes back as the same bytes.
#include <cstdint>
#include <cstdlib>

#include "store/frame.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto frames = store::ReadFrames(bytes);
    std::string again;
    for (const auto& record : frames.records) store::AppendFrame(again, record);
    if (again != bytes.substr(0, frames.good)) std::abort();
    if ((frames.tail == store::Tail::kClean) != (frames.good == size)) std::abort();
    return 0;
}
