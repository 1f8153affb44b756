#include "backend/qemu/users.h"

#include <vector>

#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {

std::uint32_t HashOf(std::string_view text) {
    std::uint32_t hash = 2166136261u;
    for (unsigned char c : text) hash = (hash ^ c) * 16777619u;
    return hash;
}

// High numbers, if they exist in this user namespace.
constexpr std::uint32_t kFirstUser = 1'900'000'000, kFirstUserInContainer = 40'000;
static std::uint32_t FirstUser() {
    auto map = rt::ReadFile("/proc/self/uid_map", 64 * 1024);
    if (!map) return kFirstUser;
    for (std::string_view line : base::Split(*map, '\n')) {
        std::vector<std::int64_t> numbers;
        for (std::string_view field : base::Split(line, ' '))
            if (auto n = base::ToInt(field)) numbers.push_back(*n);
        if (numbers.size() == 3 && numbers[0] <= kFirstUser && numbers[0] + numbers[2] > kFirstUser + 20'000'000ll)
            return kFirstUser;
    }
    return kFirstUserInContainer;
}

uid_t FirstUserOf(const std::string& run) {
    constexpr std::uint32_t kPerHost = 1000;
    std::uint32_t first = FirstUser();
    return first + HashOf(run) % (first == kFirstUser ? 10'000 : 10) * kPerHost;
}

}  // namespace backend::qemu
