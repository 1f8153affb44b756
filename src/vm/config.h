// VirtualMachineConfigInfo <-> .vmx.
//
// The file is what counts: after a change the configuration is written and read again, so
// that memory never holds what a restart would not find. Lines that we do not know stay in
// the file and are the API's extraConfig.
#pragma once

#include "codec/vmx.h"
#include "vim/gen/vm.h"
#include "vm/datastore_path.h"
#include "vm/devices.h"

namespace vm {

using Config = vim::VirtualMachineConfigInfo;

inline constexpr std::string_view kDefaultVersion = "vmx-13";
inline constexpr int kDefaultMemoryMb = 32;
inline constexpr std::string_view kSuspendKey = "checkpoint.vmState";    // the file that a suspended VM goes on from

// What a line of the file says. `vmx_path` is where the file lies. kInvalid names the line.
base::Result<Config> ReadConfig(const codec::Vmx& vmx, const DatastorePath& vmx_path, const VolumeList& volumes);
// Sets and removes lines so that ReadConfig() gives `config` again; leaves all others.
void WriteConfig(const Config& config, const DatastorePath& vmx_path, const VolumeList& volumes, codec::Vmx& vmx);
// A file with the lines that every new VM has.
codec::Vmx NewVmx();

// Lines that a field of the API stands for; clients cannot set them through extraConfig.
bool IsManagedKey(std::string_view key);

// "56 4d 01 02 03 04 05 06-07 08 09 0a 0b 0c 0d 0e" of a dashed one; "" of none.
std::string VmxUuid(std::string_view uuid);

const std::string* ExtraConfig(const Config& config, std::string_view key);

// The parts of the two functions, by subject.
base::Result<> ReadHardware(const codec::Vmx& vmx, Config& config);
void WriteHardware(const Config& config, codec::Vmx& vmx);
void ReadOptions(const codec::Vmx& vmx, Config& config);
void WriteOptions(const Config& config, codec::Vmx& vmx);
base::Result<Devices> ReadDevices(const codec::Vmx& vmx, const DatastorePath& folder, const VolumeList& volumes);
void WriteDevices(const Devices& devices, const DatastorePath& folder, const VolumeList& volumes, codec::Vmx& vmx);

// Shares of an allocation for its level and the VM's size.
vim::Ptr<vim::SharesInfo> SharesFor(vim::SharesLevel level, int custom, int per_unit_low, std::int64_t units);
inline constexpr int kCpuSharesLow = 500, kMemorySharesLow = 5, kDiskSharesLow = 500, kNicSharesLow = 25;

}  // namespace vm
