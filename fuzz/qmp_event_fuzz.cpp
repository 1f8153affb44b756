// Any bytes as a line of the monitor: no crash, no throw. What is read of an answer can
// be read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backend/qemu/qmp/message.h"

using namespace backend::qemu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    qmp::Message message = qmp::ParseMessage({reinterpret_cast<const char*>(data), size});
    if (message.kind != qmp::Message::kReply) return 0;
    qmp::Message again = qmp::ParseMessage(R"({"return":)" + message.body + "}");
    if (again.kind != qmp::Message::kReply || again.body != message.body) std::abort();
    return 0;
}
