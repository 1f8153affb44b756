// API levels, in the order in which they appeared.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace vim {

enum class Version : std::uint8_t {
    k2_0,
    k2_5,
    k2_5u2,
    k4_0,
    k4_1,
    k5_0,
    k5_1,
    k5_5,
    k6_0,
    k6_5,
    k6_7,
    k6_7_1,
    k6_7_2,
    k6_7_3,
    k7_0,
    k7_0_1,
    k7_0_2,
    k7_0_3,
    k8_0,
    k8_0_1,
    k8_0_2,
    k8_0_3
};

inline constexpr Version kOldest = Version::k2_5;        // what a client without SOAPAction gets
inline constexpr Version kNewest = Version::k8_0_3;
inline constexpr std::string_view kApiVersion = "8.0.3.0";   // AboutInfo.apiVersion

// Every version id that we announce, newest first, with its level.
struct VersionId {
    std::string_view id;
    Version level;
};
std::span<const VersionId> AnnouncedVersions();

// The level that a SOAPAction asks for. Never refuses: absent, "", "vim25" give the
// oldest; unknown older ones the nearest below; newer than ours gives ours.
Version EffectiveVersion(std::string_view soap_action);
// Whether the client speaks a level that is younger than ours.
bool IsNewer(std::string_view soap_action);

}  // namespace vim
