// Any bytes from inside the guest: no crash, no throw, and nothing long or unprintable
// comes out.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backend/qemu/agent/replies.h"

using namespace backend;
using namespace backend::qemu;

static void MustBeTame(std::string_view text) {
    if (text.size() > 300) std::abort();
    for (unsigned char c : text)
        if (c < 0x20 || c == 0x7f) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)agent::ParseReply(bytes);
    (void)agent::ParseSync(bytes);
    if (auto version = agent::ParseVersion(bytes)) MustBeTame(*version);
    if (auto name = agent::ParseHostName(bytes)) MustBeTame(*name);
    GuestInfo guest;
    if (agent::ParseOsInfo(bytes, guest)) MustBeTame(guest.os_name);
    (void)agent::ParseCanRun(bytes);
    (void)agent::ParseProcess(bytes);
    (void)agent::ParseOutcome(bytes);
    (void)agent::ParseFilePiece(bytes);
    (void)agent::ParseWritten(bytes);
    if (auto disks = agent::ParseFilesystems(bytes))
        for (const GuestDisk& disk : *disks) {
            MustBeTame(disk.path);
            if (disk.free < 0 || disk.free > disk.capacity) std::abort();
        }
    auto nics = agent::ParseInterfaces(bytes);
    if (!nics) return 0;
    for (const GuestNic& nic : *nics) {
        MustBeTame(nic.name);
        for (const std::string& address : nic.addresses) MustBeTame(address);
    }
    return 0;
}
