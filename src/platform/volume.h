// The file system under a folder: how large, how full, and an identity that stays.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace platform {

struct Volume {
    std::int64_t capacity = 0, free = 0;   // bytes; free as an ordinary user may use it
    std::int64_t block_size = 4096;
    std::string type;                      // "ext4", "xfs", "tmpfs"
    std::string device;                    // "/dev/sda1"
    bool read_only = false;
    bool rotational = false;
};

base::Result<Volume> ReadVolume(const std::string& folder);

// The identity of a datastore folder in the form that VMFS has
// ("5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3"), kept in a file in the folder; made the first
// time. A copied or moved folder keeps it.
base::Result<std::string> VolumeId(const std::string& folder);
std::string KeptVolumeId(const std::string& folder);              // "": none was made yet

bool IsMountPoint(const std::string& folder);

// The folder is still that of the datastore: kNotFound when it is gone, or empty since what was
// mounted there is not any more.
base::Result<> CheckVolume(const std::string& folder, const std::string& id);

bool IsVolumeId(std::string_view text);
inline constexpr std::string_view kVolumeIdFile = ".volume.sf";   // clients do not see it

}  // namespace platform
