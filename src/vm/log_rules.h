// How much of a VM's logs is kept: vmware.log, and what QEMU and the serial port say.
//
//   log.keepOld     how many older vmware-N.log there are, 1 being the newest; 6
//   log.rotateSize  bytes at which a log is put away while it runs; 1 MiB
//   logging         FALSE: none is written
#pragma once

#include <string>

#include "vm/config.h"

namespace vm {

struct LogRules {
    int keep = 6;
    std::int64_t most_bytes = 1 << 20;
};
LogRules LogRulesOf(const Config& config);

// A start begins vmware.log anew; qemu.log and serial.log only when they have grown. Blocks.
// True when a log was put aside.
bool RotateAtStart(const std::string& folder, const LogRules& rules);
// Of a VM that runs: QEMU has its files open, so what is old is copied aside and the file cut.
// Blocks.
void BoundWhileRunning(const std::string& folder);

}  // namespace vm
