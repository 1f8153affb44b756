// Any bytes as the answer to any command: no crash, no throw.
#include <cstdint>
#include <string_view>

#include "backend/qemu/accelerator.h"
#include "backend/qemu/qmp/bitmap_commands.h"
#include "backend/qemu/qmp/block_commands.h"
#include "backend/qemu/qmp/layer_commands.h"
#include "backend/qemu/qmp/replies.h"
#include "backend/qemu/run_dir.h"

using namespace backend::qemu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view reply(reinterpret_cast<const char*>(data), size);
    (void)qmp::ParseStatus(reply);
    (void)qmp::ParseMigration(reply);
    (void)qmp::ParsePortOpen(reply, "agent");
    (void)qmp::ParseFdSet(reply);
    (void)qmp::ParseBlockStats(reply);
    (void)qmp::ParseJobs(reply, "commit");
    (void)qmp::ParseHasName(reply, "dev-2000");
    (void)qmp::ParseNodeNames(reply);
    (void)qmp::ParseFdSets(reply);
    (void)qmp::ParseCpuPlaces(reply);
    (void)qmp::ParseBitmaps(reply, "cbt");
    (void)ParseRecord(reply);
    (void)ParseEngineVersion(reply);
    (void)qmp::ParseTopNodeOf(reply, "dev-2000");
    (void)qmp::ParseAnyFull(reply);
    (void)qmp::ParseFdSetOf(reply, "file-2000");
    return 0;
}
