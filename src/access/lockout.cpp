#include "access/lockout.h"

#include <algorithm>

namespace auth {
namespace {
constexpr std::size_t kNames = 4096;   // names are free to invent; what we remember is bounded
}

int Lockout::FailuresOf(const Count& count) const {
    return clock_.Since() - count.last >= rules.unlock ? 0 : count.failures;
}

bool Lockout::Locked(const std::string& user) const {
    auto it = users_.find(user);
    return rules.failures > 0 && it != users_.end() && FailuresOf(it->second) >= rules.failures;
}

bool Lockout::MayTry(const std::string& user) const {
    auto it = users_.find(user);
    return rules.failures <= 0 || it == users_.end() || FailuresOf(it->second) + it->second.in_flight < rules.failures;
}

void Lockout::Begin(const std::string& user) {
    if (users_.size() >= kNames && !users_.contains(user)) MakeRoom();
    ++users_[user].in_flight;
}

bool Lockout::End(const std::string& user, bool ok) {
    auto it = users_.find(user);
    if (it == users_.end()) return false;        // unlocked meanwhile
    Count& count = it->second;
    count.in_flight = std::max(0, count.in_flight - 1);
    if (ok) count.failures = 0;
    else {
        count.failures = FailuresOf(count) + 1;
        count.last = clock_.Since();
    }
    bool locked = !ok && rules.failures > 0 && count.failures == rules.failures;
    if (count.failures == 0 && count.in_flight == 0) users_.erase(it);
    return locked;
}

// Forgets the name with the fewest failures, of those the one whose last is the longest
// ago: inventing names does not wash away what is known of a real one.
void Lockout::MakeRoom() {
    auto least = users_.end();
    auto weight = [this](const Count& c) { return std::pair(FailuresOf(c), c.last); };
    for (auto it = users_.begin(); it != users_.end(); ++it)
        if (it->second.in_flight == 0 && (least == users_.end() || weight(it->second) < weight(least->second)))
            least = it;
    if (least != users_.end()) users_.erase(least);
}

}  // namespace auth
