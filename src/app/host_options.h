// What hostd is told on its command line.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace app {

struct HostOptionsGiven {
    std::string root = "/";              // everything that the host keeps lies below it
    std::string listen = "127.0.0.1";
    std::uint16_t port = 443;            // 0: a free one
    int sim = 0;                         // so many imagined VMs instead of QEMU
    std::string accelerator;             // "kvm", "tcg"; "": by proof
    std::string qemu = "qemu-system-x86_64";
    std::string ready_file;              // written when the API answers; "": ROOT/run/ready
    bool help = false, version = false;
};

inline constexpr const char* kVersion = "0.1.0";

// kInvalid with words for the person who typed it.
base::Result<HostOptionsGiven> ReadHostOptions(int argc, char** argv);
std::string HostUsage();

}  // namespace app
