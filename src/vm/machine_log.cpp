#include "vm/machine_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/text.h"
#include "rt/fd.h"

namespace vm {

static void Rotate(const std::string& folder) {
    auto name = [&](int number) { return base::Cat(folder, "/vmware-", number, ".log"); };
    for (int number = kOldLogs - 1; number >= 1; --number)
        (void)std::rename(name(number).c_str(), name(number + 1).c_str());
    (void)std::rename((folder + "/vmware.log").c_str(), name(1).c_str());
}

base::Result<> AppendLog(const std::string& folder, std::string_view line) {
    std::string path = folder + "/vmware.log";
    struct stat now {};
    if (lstat(path.c_str(), &now) == 0 && now.st_size > kMaxLogBytes) Rotate(folder);
    rt::Fd file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file && errno == ENOENT) return {};             // the folder went while we came
    if (!file) return base::FromErrno(errno, "open " + path);
    std::string text(line);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';           // one line, whatever a name holds
    text += '\n';
    if (write(file.get(), text.data(), text.size()) < 0) return base::FromErrno(errno, "write " + path);
    return {};
}

}  // namespace vm
