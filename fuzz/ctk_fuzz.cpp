// Any bytes as the head of a change tracking file, and as a change id.
#include <cstdint>
#include <cstdlib>

#include "codec/ctk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (auto head = codec::Ctk::Parse(bytes)) {
        auto again = codec::Ctk::Parse(head->Text());
        if (!again || *again != *head || head->FileBytes() < codec::Ctk::kHead) std::abort();
    }
    if (auto id = codec::ChangeId::Parse(bytes))
        if (codec::ChangeId::Parse(id->Text()) != id) std::abort();
    return 0;
}
