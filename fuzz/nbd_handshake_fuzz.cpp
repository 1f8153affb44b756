// What a stranger may send before a disk is opened for him.
#include <cstdlib>

#include "net/nbd_wire.h"

using namespace net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto head = nbd::ParseOptionHead(bytes);
    if (!head) return 0;
    bytes.remove_prefix(nbd::kOptionHead);
    if (bytes.size() < head->length) return 0;
    std::string_view body = bytes.substr(0, head->length);
    auto name = nbd::NameIn(head->option, body);
    if (name && nbd::WithName(head->option, body, *name) != body) std::abort();
    return 0;
}
