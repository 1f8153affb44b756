// What an OVF package says about a VM besides its hardware: products, properties and their
// values, licences. The API's vAppConfig; in the .vmx it is one line of ours.
#pragma once

#include "codec/vmx.h"
#include "vm/config.h"

namespace vm {

inline constexpr std::string_view kVAppKey = "bedplate.vapp";
inline constexpr std::size_t kMaxVAppBytes = 512 << 10;

// Products and properties added, edited and removed by their keys.
vim::Result<> ApplyVApp(const vim::VmConfigSpec& spec, Config& config);
void ReadVApp(const codec::Vmx& vmx, Config& config);        // what makes no sense is left out
void WriteVApp(const Config& config, codec::Vmx& vmx);

// The OVF environment document of a VM with properties; "" when it has none to tell.
std::string OvfEnvironment(const Config& config, const std::string& vm_id);

}  // namespace vm
