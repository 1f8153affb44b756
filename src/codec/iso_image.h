// An ISO 9660 image with a few small files at its top: what a guest is handed on a CD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace codec {

struct IsoFile {
    std::string name;                    // "OVF-ENV.XML": capitals, digits, "-", "_" and one dot
    std::string content;
};

// `label`: up to 32 characters, by which guests find it ("OVF ENV").
std::string IsoImage(std::string_view label, const std::vector<IsoFile>& files, base::Time made);

}  // namespace codec
