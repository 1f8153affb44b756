// Where a customization of a VM stands, as its folder says: two lines of the .vmx and the image
// of a CD beside it, which the guest finds in a drive of its own at the next start.
//
// Everything here blocks.
#pragma once

#include "backend/hypervisor.h"
#include "vm/cloud_seed.h"
#include "vm/folder.h"

namespace vm {

// Lines that only this subject writes: a change of the configuration leaves them alone.
inline constexpr std::string_view kPackageKey = "tools.deployPkg.fileName",
                                  kCustomizationKey = "bedplate.customization";

struct CustomizationState {
    enum Kind {
        kNone,
        kPending,                        // the guest has not said yet that it is done
        kEnded,                          // it is, and the empty drive is there until the machine is off
    } kind = kNone;
    std::string instance, host_name;
};

base::Result<CustomizationState> ReadCustomization(const std::string& vmx_file);
base::Result<> WriteCustomization(const std::string& vmx_file, const CustomizationState& state);

// Whether one of ours waits; a package of VMware's is for no guest here.
bool IsPending(const Config& config);

std::string SeedFileOf(const std::string& vmx_file);     // absolute
DatastorePath SeedFileOf(const DatastorePath& vmx);
base::Result<> WriteSeed(const std::string& vmx_file, const CloudSeed& seed, base::Time now);

// Where the drive goes: the last IDE place that the machine's own drives leave free.
std::optional<Slot> SeedPlace(const Config& config);

// What a start found. `trouble`: why a pending customization cannot be.
struct SeedAtStart {
    CustomizationState state;
    std::string trouble;
};
// Puts the drive into `spec`. `again`: the guest goes on with what it had.
base::Result<SeedAtStart> AddSeed(const Config& config, const std::string& vmx_file, bool again, backend::VmSpec& spec);

}  // namespace vm
