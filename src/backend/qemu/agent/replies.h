// What the guest agent answers, typed. It runs inside the guest, so it says whatever the
// guest's owner wants: text is cut, control characters go, lists have an end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/hypervisor.h"
#include "base/result.h"

namespace backend::qemu::agent {

// One line from the agent.
struct Reply {
    enum Kind { kNoise, kReturn, kRefusal } kind = kNoise;
    std::string body;              // kReturn: JSON text. kRefusal: its words
};
Reply ParseReply(std::string_view line);

base::Result<std::int64_t> ParseSync(std::string_view reply);
base::Result<std::string> ParseVersion(std::string_view reply);        // guest-info
bool ParseCanRun(std::string_view reply);                              // guest-info: programs and files
base::Result<std::string> ParseHostName(std::string_view reply);       // guest-get-host-name
base::Result<std::vector<GuestNic>> ParseInterfaces(std::string_view reply);
// What each interface has counted, by its address; of several with one address (a bridge over
// its adapter) the first. From the same answer.
std::vector<NicUsage> ParseCounts(std::string_view reply);
base::Result<std::vector<GuestDisk>> ParseFilesystems(std::string_view reply);   // guest-get-fsinfo

base::Result<std::int64_t> ParseProcess(std::string_view reply);       // guest-exec, guest-file-open: its number
base::Result<std::optional<GuestOutcome>> ParseOutcome(std::string_view reply);   // guest-exec-status
base::Result<std::string> ParseFilePiece(std::string_view reply);      // guest-file-read; "" at the end
base::Result<std::int64_t> ParseWritten(std::string_view reply);       // guest-file-write: how many bytes
base::Result<std::chrono::nanoseconds> ParseTime(std::string_view reply);   // guest-get-time: since 1970

// guest-get-osinfo: fills the os_* members and `kernel`.
base::Result<> ParseOsInfo(std::string_view reply, GuestInfo& into);

}  // namespace backend::qemu::agent
