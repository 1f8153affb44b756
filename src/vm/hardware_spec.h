// The parts of a VM's spec that are no drive and no adapter. Used by backend_spec.cpp.
#pragma once

#include "backend/hypervisor.h"
#include "vm/config.h"

namespace vm {

// `stem` is the path of the .vmx without its ending; "" : an imagined VM without files.
vim::Result<> AddHardware(const Config& config, const std::string& stem, const VolumeList& volumes,
                          backend::VmSpec& spec);
std::int64_t IopsOf(const vim::VirtualDevice& device);           // 0: no limit

}  // namespace vm
