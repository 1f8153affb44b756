#include "vm/log_rules.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "rt/fd.h"

namespace vm {
namespace {

constexpr std::int64_t kMostWhileRunning = 16 << 20, kKeptOfIt = 4 << 20;

std::int64_t SizeOf(const std::string& path) {
    struct stat found {};
    return lstat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) ? found.st_size : 0;
}

// name.log becomes name-1.log, that one name-2.log, and the last goes.
void PutAside(const std::string& folder, const std::string& stem, int keep) {
    auto name = [&](int number) { return base::Cat(folder, "/", stem, "-", number, ".log"); };
    (void)unlink(name(keep).c_str());
    for (int number = keep - 1; number >= 1; --number)
        (void)std::rename(name(number).c_str(), name(number + 1).c_str());
    std::string now = base::Cat(folder, "/", stem, ".log");
    if (keep < 1) (void)unlink(now.c_str());
    else (void)std::rename(now.c_str(), name(1).c_str());
}

}  // namespace

LogRules LogRulesOf(const Config& config) {
    LogRules rules;
    auto number = [&](std::string_view key) {
        const std::string* text = ExtraConfig(config, key);
        return text ? base::ToInt(*text) : std::nullopt;
    };
    if (auto keep = number("log.keepOld")) rules.keep = static_cast<int>(std::clamp<std::int64_t>(*keep, 0, 100));
    if (auto most = number("log.rotateSize"); most && *most > 0)
        rules.most_bytes = std::clamp<std::int64_t>(*most, 4096, 1ll << 30);
    return rules;
}

bool RotateAtStart(const std::string& folder, const LogRules& rules) {
    bool rotated = SizeOf(folder + "/vmware.log") > 0;
    if (rotated) PutAside(folder, "vmware", rules.keep);
    for (const char* stem : {"qemu", "serial"}) {
        if (SizeOf(base::Cat(folder, "/", stem, ".log")) <= rules.most_bytes) continue;
        PutAside(folder, stem, 1);
        rotated = true;
    }
    return rotated;
}

// The newest end is kept. QEMU writes at the end of the file, wherever that is.
void BoundWhileRunning(const std::string& folder) {
    for (const char* stem : {"qemu", "serial"}) {
        std::string path = base::Cat(folder, "/", stem, ".log");
        std::int64_t size = SizeOf(path);
        if (size <= kMostWhileRunning) continue;
        rt::Fd from(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        rt::Fd to(open(base::Cat(folder, "/", stem, "-1.log").c_str(),
                       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!from || !to) continue;
        off_t at = size - kKeptOfIt;
        while (at < size && sendfile(to.get(), from.get(), &at, static_cast<std::size_t>(size - at)) > 0) {}
        (void)!ftruncate(from.get(), 0);
    }
}

}  // namespace vm
