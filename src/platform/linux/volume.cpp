#include "platform/volume.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/ids.h"
#include "base/text.h"
#include "platform/linux/tree.h"
#include "platform/system_text.h"

namespace platform {
namespace {

bool Rotational(dev_t device) {
    const Tree tree("/sys/dev/block");
    const auto name = base::Cat(major(device), ":", minor(device));
    // A partition has no queue of its own; its disk is the folder above.
    for (const char* at : {"/queue/rotational", "/../queue/rotational"})
        if (tree.Exists(name + at)) return tree.Number(name + at, 0);
    return false;
}

std::string NewVolumeId() {
    const auto hex = base::RandomHex(16);
    return base::Cat(hex.substr(0, 8), "-", hex.substr(8, 8), "-", hex.substr(16, 4), "-", hex.substr(20, 12));
}

}  // namespace

bool IsVolumeId(std::string_view text) {
    if (text.size() != 35) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 17 || i == 22;
        if (dash ? text[i] != '-' : std::string_view("0123456789abcdef").find(text[i]) == std::string_view::npos)
            return false;
    }
    return true;
}

static std::optional<Mount> MountOf(const std::string& real) {
    return FindMount(Tree("/proc/self").Text("mountinfo"), real);
}

bool IsMountPoint(const std::string& folder) {
    std::error_code bad;
    const auto real = std::filesystem::canonical(folder, bad).string();
    const auto mount = bad ? std::nullopt : MountOf(real);
    return mount && mount->point == real;
}

base::Result<Volume> ReadVolume(const std::string& folder) {
    struct statvfs s {};
    if (statvfs(folder.c_str(), &s) != 0)
        return base::FromErrno(errno, base::Cat("look at the file system of ", folder));
    Volume v;
    v.block_size = static_cast<std::int64_t>(s.f_frsize);
    v.capacity = static_cast<std::int64_t>(s.f_blocks) * v.block_size;
    v.free = static_cast<std::int64_t>(s.f_bavail) * v.block_size;
    v.read_only = s.f_flag & ST_RDONLY;
    struct stat st {};
    if (stat(folder.c_str(), &st) == 0) v.rotational = Rotational(st.st_dev);
    std::error_code bad;
    const auto real = std::filesystem::canonical(folder, bad).string();
    if (auto mount = MountOf(bad ? folder : real)) {
        v.type = mount->type;
        v.device = mount->device;
    }
    return v;
}

base::Result<> CheckVolume(const std::string& folder, const std::string& id) {
    if (Tree(folder).Line(std::string(kVolumeIdFile)) == id) return {};
    return base::Error{base::Code::kNotFound, base::Cat("what was at ", folder,
                                                        " is not there: its file system is not mounted, or the folder "
                                                        "was moved")};
}

std::string KeptVolumeId(const std::string& folder) {
    auto kept = Tree(folder).Line(std::string(kVolumeIdFile));
    return IsVolumeId(kept) ? kept : std::string();
}

base::Result<std::string> VolumeId(const std::string& folder) {
    const auto path = base::Cat(folder, "/", kVolumeIdFile);
    if (auto kept = KeptVolumeId(folder); !kept.empty()) return kept;

    // Written beside and renamed, so that a crash never leaves half an identity.
    const auto id = NewVolumeId(), fresh = path + ".new";
    const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return base::FromErrno(errno, base::Cat("make ", fresh));
    const auto line = id + "\n";
    const bool written = write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(fd) == 0;
    const int number = errno;
    close(fd);
    if (!written || rename(fresh.c_str(), path.c_str()) != 0) {
        const int why = written ? errno : number;
        unlink(fresh.c_str());
        return base::FromErrno(why, base::Cat("keep the identity of datastore folder ", folder));
    }
    return id;
}

}  // namespace platform
