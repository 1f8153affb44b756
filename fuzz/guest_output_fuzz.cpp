// Any bytes that the script in a guest may print: no crash, and nothing unprintable or
// endless goes to clients.
#include <cstdlib>
#include <string_view>

#include "vm/guest_ops.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const auto& p : vm::ParseGuestProcesses(bytes)) {
        if (p->pid <= 0 || p->cmd_line.size() > 4096) std::abort();
        for (unsigned char c : p->cmd_line + p->owner + p->name)
            if (c < 0x20 || c == 0x7f) std::abort();
    }
    for (const auto& f : vm::ParseGuestFiles(bytes))
        if (f.name.find('/') != std::string::npos || f.size < 0) std::abort();
    return 0;
}
