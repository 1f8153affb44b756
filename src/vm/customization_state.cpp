#include "vm/customization_state.h"

#include <unistd.h>

#include "base/text.h"
#include "codec/iso_image.h"
#include "rt/files.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

constexpr std::string_view kEnded = "ended";
constexpr std::string_view kSeedEnd = "-cidata.iso";
constexpr std::string_view kLabel = "cidata";            // by which cloud-init finds it

}  // namespace

base::Result<CustomizationState> ReadCustomization(const std::string& vmx_file) {
    TRY(vmx, ReadVmx(vmx_file));
    std::string text = vmx.Get(kCustomizationKey);
    CustomizationState state;
    if (text == kEnded) state.kind = CustomizationState::kEnded;
    std::size_t blank = text.find(' ');
    if (blank == std::string::npos) return state;
    return CustomizationState{CustomizationState::kPending, text.substr(0, blank), text.substr(blank + 1)};
}

base::Result<> WriteCustomization(const std::string& vmx_file, const CustomizationState& state) {
    TRY(vmx, ReadVmx(vmx_file));
    bool ours = vmx.Find(kCustomizationKey);             // else a package is of another host's making
    if (!ours && state.kind == CustomizationState::kNone) return {};
    std::string before = vmx.Text();
    vmx.Remove(kPackageKey);
    vmx.Remove(kCustomizationKey);
    if (state.kind == CustomizationState::kPending) {
        std::string seed = SeedFileOf(vmx_file);
        vmx.Set(kPackageKey, seed.substr(seed.rfind('/') + 1));
        vmx.Set(kCustomizationKey, base::Cat(state.instance, ' ', state.host_name));
    }
    if (state.kind == CustomizationState::kEnded) vmx.Set(kCustomizationKey, std::string(kEnded));
    if (vmx.Text() == before) return {};
    return rt::WriteFileAtomically(vmx_file, vmx.Text(), 0600);
}

bool IsPending(const Config& config) {
    return config.tools && config.tools->pending_customization.value_or("").ends_with(kSeedEnd);
}

std::string SeedFileOf(const std::string& vmx_file) {
    return base::Cat(vmx_file.substr(0, vmx_file.size() - std::string_view(".vmx").size()), kSeedEnd);
}

DatastorePath SeedFileOf(const DatastorePath& vmx) { return vmx.WithSuffix(".vmx", kSeedEnd); }

// Secrets may be in it: for the host alone.
base::Result<> WriteSeed(const std::string& vmx_file, const CloudSeed& seed, base::Time now) {
    std::string image = codec::IsoImage(
        kLabel, {{"META-DATA", seed.meta_data}, {"NETWORK-CONFIG", seed.network_config}, {"USER-DATA", seed.user_data}},
        now);
    return rt::WriteFileAtomically(SeedFileOf(vmx_file), image, 0600);
}

std::optional<Slot> SeedPlace(const Config& config) {
    const BusInfo& ide = InfoOf(BusKind::kIde);
    for (int bus = ide.buses; bus-- > 0;)
        for (int unit = ide.units; unit-- > 0;)
            if (Slot slot{BusKind::kIde, bus, unit}; !FindDevice(config.hardware->device, slot.Key())) return slot;
    return std::nullopt;
}

base::Result<SeedAtStart> AddSeed(const Config& config, const std::string& vmx_file, bool again,
                                  backend::VmSpec& spec) {
    TRY(state, ReadCustomization(vmx_file));
    SeedAtStart out{std::move(state), {}};
    std::string seed = SeedFileOf(vmx_file);
    if (out.state.kind != CustomizationState::kPending) {
        CHECK(RemoveFile(seed));                         // of one that was cut off at its end
        if (out.state.kind == CustomizationState::kEnded && !again) out.state = {};
        CHECK(WriteCustomization(vmx_file, out.state));
    }
    if (out.state.kind == CustomizationState::kNone) return out;
    bool pending = out.state.kind == CustomizationState::kPending;
    bool there = pending && access(seed.c_str(), R_OK) == 0;
    std::optional<Slot> place = SeedPlace(config);
    if (pending && !place) out.trouble = "all four places for IDE drives are taken, so its CD has none";
    if (pending && !there) out.trouble = base::Cat(seed.substr(seed.rfind('/') + 1), " is gone");
    if (!place || (pending && !there && !again)) return out;
    spec.disks.push_back({.key = place->Key(),
                          .bus = backend::Bus::kIde,
                          .bus_number = place->bus,
                          .unit = place->unit,
                          .cdrom = true,
                          .path = there ? seed : std::string(),
                          .read_only = true,
                          .connected = there});
    return out;
}

}  // namespace vm
