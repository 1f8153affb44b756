// A VM's configuration as the backend starts it.
#pragma once

#include "backend/hypervisor.h"
#include "vm/config.h"

namespace vm {

// Our own extraConfig: a kernel to boot without firmware. Datastore paths.
inline constexpr std::string_view kBootKernelKey = "bedplate.boot.kernel", kBootInitrdKey = "bedplate.boot.initrd",
                                  kBootCommandLineKey = "bedplate.boot.cmdline";

// And one for a watchdog card: what it does when the guest no longer feeds it.
inline constexpr std::string_view kWatchdogKey = "bedplate.watchdog.action";

// Reads descriptors and follows links, to see that files lie on their datastores: blocks.
// `folder` "" : an imagined VM without files.
// The fault names the device or the line that makes it impossible.
vim::Result<backend::VmSpec> MakeSpec(std::string id, const Config& config, const std::string& folder,
                                      const VolumeList& volumes);

std::string MediumOf(const vim::VirtualDevice& cdrom, bool& connected);   // the ISO's datastore path, or ""

}  // namespace vm
