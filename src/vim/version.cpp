#include "vim/version.h"

#include <algorithm>
#include <array>

namespace vim {

// Every id that a released client looks for: pyvmomi takes the first of its own list that
// it finds here.
static constexpr VersionId kIds[] = {
    {"8.0.3.0", Version::k8_0_3}, {"8.0.2.0", Version::k8_0_2}, {"8.0.1.0", Version::k8_0_1},
    {"8.0.0.2", Version::k8_0},   {"8.0.0.1", Version::k8_0},   {"8.0.0.0", Version::k8_0},
    {"7.0.3.2", Version::k7_0_3}, {"7.0.3.1", Version::k7_0_3}, {"7.0.3.0", Version::k7_0_3},
    {"7.0.2.1", Version::k7_0_2}, {"7.0.2.0", Version::k7_0_2}, {"7.0.1.1", Version::k7_0_1},
    {"7.0.1.0", Version::k7_0_1}, {"7.0.0.2", Version::k7_0},   {"7.0.0.0", Version::k7_0},
    {"6.9.1", Version::k6_7_3},   {"6.8.7", Version::k6_7_3},   {"6.7.3", Version::k6_7_3},
    {"6.7.2", Version::k6_7_2},   {"6.7.1", Version::k6_7_1},   {"6.7", Version::k6_7},
    {"6.5", Version::k6_5},       {"6.0", Version::k6_0},       {"5.5", Version::k5_5},
    {"5.1", Version::k5_1},       {"5.0", Version::k5_0},       {"4.1", Version::k4_1},
    {"4.0", Version::k4_0},       {"2.5u2", Version::k2_5u2},   {"2.5", Version::k2_5},
};

std::span<const VersionId> AnnouncedVersions() { return kIds; }

using Numbers = std::array<int, 4>;

// "6.7.1" -> {6,7,1,0}; "2.5u2" -> {2,5,2,0}. Whatever is no number counts as nothing.
static constexpr Numbers NumbersOf(std::string_view id) {
    constexpr int kMost = 1'000'000;
    Numbers out{};
    std::size_t at = 0;
    for (int& part : out) {
        std::size_t from = at;
        for (; at < id.size() && id[at] >= '0' && id[at] <= '9'; ++at)
            part = std::min(part * 10 + (id[at] - '0'), kMost);
        if (at == from) return out;
        ++at;                        // the dot, or the "u" of an update
    }
    return out;
}

// Asked for with every request.
static constexpr auto kNumbers = [] {
    std::array<Numbers, std::size(kIds)> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = NumbersOf(kIds[i].id);
    return out;
}();

// The id in "urn:vim25/6.5", quoted or not; "" when there is none.
static std::string_view IdIn(std::string_view action) {
    if (action.size() >= 2 && action.front() == '"' && action.back() == '"')
        action = action.substr(1, action.size() - 2);
    auto slash = action.rfind('/');
    return slash == action.npos ? std::string_view() : action.substr(slash + 1);
}

bool IsNewer(std::string_view action) { return NumbersOf(IdIn(action)) > NumbersOf(kApiVersion); }

Version EffectiveVersion(std::string_view action) {
    Numbers asked = NumbersOf(IdIn(action));
    for (std::size_t i = 0; i < kNumbers.size(); ++i)
        if (kNumbers[i] <= asked) return kIds[i].level;
    return kOldest;
}

}  // namespace vim
