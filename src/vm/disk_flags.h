// What a disk says of itself beside its file: its mode, whether several machines may write to
// it, whether writes go through; in the API and in the .vmx.
#pragma once

#include <string>

#include "codec/vmx.h"
#include "vim/gen/vm_device.h"

namespace vm {

using DiskBacking = vim::VirtualDiskFlatVer2BackingInfo;

inline constexpr std::string_view kShared = "sharingMultiWriter", kUnshared = "sharingNone";

// What is written to it is forgotten when the machine is powered off.
bool Forgets(const DiskBacking& backing);

// Puts what `asked` says into `now`, and the usual for what neither says; the words of what
// is not possible, or "".
std::string TakeFlags(const DiskBacking& asked, DiskBacking& now);
bool SameFlags(const DiskBacking& a, const DiskBacking& b);

// Lines "scsi0:0.mode", ".sharing", ".writeThrough"; `place` is "scsi0:0".
void ReadFlags(const codec::Vmx& vmx, const std::string& place, DiskBacking& backing);
void WriteFlags(const DiskBacking& backing, const std::string& place, codec::Vmx& vmx);

}  // namespace vm
