// Any bytes as a file of EFI variables (a guest's firmware writes it, a client may upload
// one): no crash, and what was asked for is there or refused.
#include <cstdint>
#include <string>

#include "backend/qemu/variables.h"

using namespace backend::qemu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    (void)IsVariableStore(bytes);
    (void)HasPlatformKey(bytes);
    std::size_t before = bytes.size();
    (void)AskForSetup(bytes);
    if (bytes.size() != before) __builtin_trap();
    return 0;
}
