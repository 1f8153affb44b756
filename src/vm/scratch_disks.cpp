#include "vm/scratch_disks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "codec/qcow2.h"
#include "rt/fd.h"
#include "vm/disk_files.h"
#include "vm/disk_flags.h"

namespace vm {
namespace {

constexpr std::string_view kSuffix = ".REDO";

bool IsScratch(const vim::VirtualDevice& device) {
    auto* file = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    return file && Forgets(*file);
}

std::string StemOf(const Home& home) {
    std::string name = home.vmx.Name();
    return name.substr(0, name.rfind('.'));
}

std::string FileOf(const Home& home, const Slot& slot) {
    std::string word = slot.Word();
    std::replace(word.begin(), word.end(), ':', '-');
    return base::Cat(home.Folder(), '/', StemOf(home), '-', word, kSuffix);
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

base::Result<std::int64_t> SizeOf(const VolumeList& volumes, const vim::VirtualDevice& device) {
    auto* file = device.backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
    auto located = Locate(volumes, file->file_name);
    if (!located) return base::Error{base::Code::kNotFound, located.error().message()};
    TRY(facts, InspectDisk(located->volume.folder, located->Absolute()));
    return facts.capacity_kb * 1024;
}

base::Result<> MakeFile(const std::string& path, const std::string& bytes) {
    CHECK(RemoveFile(path));
    rt::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::FromErrno(errno, "make " + path);
    if (write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        return base::FromErrno(errno, "write " + path);
    return {};                           // not synced: after a crash of the host it is worth nothing
}

}  // namespace

bool HasScratchDisks(const Config& config) {
    const Devices& devices = config.hardware->device;
    return std::any_of(devices.begin(), devices.end(), [](const Device& d) { return IsScratch(*d); });
}

base::Result<> MakeScratch(const Home& home, const Config& config, bool resuming, backend::VmSpec& spec) {
    for (const Device& device : config.hardware->device) {
        std::optional<Slot> slot = SlotOf(*device);
        if (!slot || !IsScratch(*device)) continue;
        auto disk = std::find_if(spec.disks.begin(), spec.disks.end(),
                                 [&](const backend::DiskSpec& d) { return d.key == device->key; });
        if (disk == spec.disks.end()) continue;
        std::string path = FileOf(home, *slot);
        bool kept = resuming && access(path.c_str(), F_OK) == 0;
        if (!kept) {
            TRY(size, SizeOf(home.volumes, *device));
            bool on_flat = disk->overlays.empty();
            const std::string& below = on_flat ? disk->path : disk->overlays.back();
            CHECK(MakeFile(
                path, codec::NewQcow2(static_cast<std::uint64_t>(size), NameOf(below), on_flat ? "raw" : "qcow2")));
        }
        disk->overlays.push_back(std::move(path));
        disk->forgets = true;
    }
    return {};
}

void RemoveScratch(const Home& home) {
    std::string stem = StemOf(home) + "-";
    std::error_code bad;
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(home.Folder(), bad)) {
        std::string name = entry.path().filename();
        if (name.starts_with(stem) && name.ends_with(kSuffix)) found.push_back(entry.path());
    }
    for (const std::string& path : found)
        if (auto removed = RemoveFile(path); !removed) base::LogWarning("vm", removed.error().message);
}

}  // namespace vm
