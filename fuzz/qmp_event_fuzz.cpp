// Any bytes as a line of the monitor: no crash, no throw. What is taken out of an answer
// goes through the parsers of answers.
#include <cstdint>
#include <string_view>

#include "backend/qemu/qmp/message.h"
#include "backend/qemu/qmp/replies.h"

using namespace backend::qemu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    qmp::Message message = qmp::ParseMessage({reinterpret_cast<const char*>(data), size});
    if (message.kind != qmp::Message::kReply) return 0;
    (void)qmp::ParseStatus(message.body);
    (void)qmp::ParseMigration(message.body);
    (void)qmp::ParsePortOpen(message.body, "agent");
    return 0;
}
